// The measure of all figures: a Worker that does nothing but hand the request to the provider, and the answer back.

interface Env {
  PROVIDER: string;
}

export default {
  fetch(request: Request, { PROVIDER }: Env): Promise<Response> {
    const { pathname } = new URL(request.url);
    return fetch(new Request(PROVIDER + pathname, request));
  },
};
