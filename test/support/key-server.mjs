// The rest of the internet, for the worker tests: what a test PUT under a URL is what GET answers with there, and
// nothing else is anywhere. It serves the public keys of issuers. What a test POSTs comes back as a stream of events, as
// it comes: the way to a stream of the runtime's own that a test writes and breaks.

const stored = new Map();

/** Bytes as they come, until a zero: there the connection breaks. */
const breakable = () =>
  new TransformStream({
    transform(bytes, controller) {
      if (bytes[0] === 0) controller.error(new Error("connection reset"));
      else controller.enqueue(bytes);
    },
  });

export default {
  async fetch(request) {
    if (request.method === "PUT") {
      stored.set(request.url, await request.text());
      return new Response(null, { status: 204 });
    }
    if (request.method === "POST") {
      return new Response(request.body.pipeThrough(breakable()), { headers: { "content-type": "text/event-stream" } });
    }
    const text = stored.get(request.url);
    if (text === undefined) return new Response("There is nothing here.", { status: 404 });
    return new Response(text, { headers: { "content-type": "application/json" } });
  },
};
