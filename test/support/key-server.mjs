// The rest of the internet, for the worker tests: what a test PUT under a URL is what GET answers with there, and
// nothing else is anywhere. It serves the public keys of issuers.

const stored = new Map();

export default {
  async fetch(request) {
    if (request.method === "PUT") {
      stored.set(request.url, await request.text());
      return new Response(null, { status: 204 });
    }
    const text = stored.get(request.url);
    if (text === undefined) return new Response("There is nothing here.", { status: 404 });
    return new Response(text, { headers: { "content-type": "application/json" } });
  },
};
