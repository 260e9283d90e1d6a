// Providers whose classifier is the emulated one, and whose model a test writes.

import { bindings } from "./workerd.ts";

type Answer = (request: Request) => Promise<Response>;

/** The emulated classifier, and that provider for everything else. */
export function besideClassifier(provider: Answer): Answer {
  return async (request) => {
    if (!new URL(request.url).pathname.endsWith("/moderations")) return provider(request);
    if (!bindings.UPSTREAM) throw new Error("the emulated provider is not bound");
    return bindings.UPSTREAM.fetch(request);
  };
}
