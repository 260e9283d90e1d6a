// Providers in place of UPSTREAM whose bytes a test knows: the emulated one, recorded, and one that the test writes.

import { createCaller } from "./caller.ts";
import { bindings, createSend, createUser } from "./workerd.ts";

type Answer = (request: Request) => Promise<Response>;

/** A new user of the Worker's code with that provider. */
export async function createUserOf(provider: Answer) {
  const { token } = await createUser();
  return createCaller(createSend({ UPSTREAM: { fetch: provider } as unknown as Fetcher }), token);
}

/** The emulated provider, and each answer that it gave, as it sent it. */
export function recordedProvider() {
  const sent: Promise<string>[] = [];
  const provider: Answer = async (request) => {
    if (!bindings.UPSTREAM) throw new Error("the emulated provider is not bound");
    const response = await bindings.UPSTREAM.fetch(request);
    const [recorded, passed] = response.body?.tee() ?? [];
    sent.push(new Response(recorded).text());
    return new Response(passed, response);
  };
  return { provider, sent };
}

/** A provider whose one answer is a stream that the test writes, on its way over a network. */
export function writtenProvider() {
  const { readable, writable } = new IdentityTransformStream();
  const writer = writable.getWriter();
  writer.closed.catch(() => undefined);
  const encoder = new TextEncoder();
  return {
    provider: ({ signal }: Request) => fetch("http://echo.test/", { method: "POST", body: readable, signal }),
    write: (text: string) => writer.write(encoder.encode(text)),
    end: () => writer.close(),
    /** The connection breaks. */
    breakOff: () => writer.write(Uint8Array.of(0)).catch(() => undefined),
  };
}

/** How a provider fails: an answer in place of its own, or no answer at all (a rejection). */
export type Fault = () => Response | Promise<Response>;

/** The emulated provider, which fails for a model as often as it has faults in its list; and who was asked, in order. */
export function failingProvider(faults: Record<string, Fault[]>) {
  const asked: { path: string; model: string }[] = [];
  const provider: Answer = async (request) => {
    if (!bindings.UPSTREAM) throw new Error("the emulated provider is not bound");
    const { model = "" } = (await request.clone().json()) as { model?: string };
    asked.push({ path: new URL(request.url).pathname, model });
    const fault = faults[model]?.shift();
    return fault ? fault() : bindings.UPSTREAM.fetch(request);
  };
  return { provider, asked };
}
