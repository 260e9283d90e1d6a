// The baseline of the benchmark: a Worker that only forwards requests to the provider.

interface Env {
  PROVIDER: string;
}

export default {
  fetch(request: Request, { PROVIDER }: Env): Promise<Response> {
    const { pathname } = new URL(request.url);
    return fetch(new Request(PROVIDER + pathname, request));
  },
};
