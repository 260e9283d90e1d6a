// Providers for the UPSTREAM binding: the emulated one with recorded answers, a failing one, and those of a test.

import { bindings, createUser } from "./workerd.ts";

export type Provider = (request: Request) => Response | Promise<Response> | undefined;

/** A provider as the binding that replaces UPSTREAM. */
export const upstream = (provider: Provider) => ({ UPSTREAM: { fetch: provider } as unknown as Fetcher });

/** A new user of the Worker's code with that provider. */
export const createUserOf = (provider: Provider) => createUser(undefined, upstream(provider));

/** Sends a request to the emulated provider. */
export function emulated(request: Request): Promise<Response> {
  if (!bindings.UPSTREAM) throw new Error("the emulated provider is not bound");
  return bindings.UPSTREAM.fetch(request);
}

/** The emulated provider, and the text of each of its answers. */
export function recordedProvider() {
  const sent: Promise<string>[] = [];
  const provider: Provider = async (request) => {
    const response = await emulated(request);
    const [recorded, passed] = response.body?.tee() ?? [];
    sent.push(new Response(recorded).text());
    return new Response(passed, response);
  };
  return { provider, sent };
}

/** A provider whose only answer is a stream that the test writes, over a network. */
export function writtenProvider() {
  const { readable, writable } = new IdentityTransformStream();
  const writer = writable.getWriter();
  writer.closed.catch(() => undefined);
  const encoder = new TextEncoder();
  return {
    provider: ({ signal }: Request) => fetch("http://echo.test/", { method: "POST", body: readable, signal }),
    write: (text: string) => writer.write(encoder.encode(text)),
    end: () => writer.close(),
    /** Breaks the connection. */
    breakOff: () => writer.write(Uint8Array.of(0)).catch(() => undefined),
  };
}

/** A response in place of the provider's, or a rejection. */
export type Fault = () => Response | Promise<Response>;

/** The emulated provider with a list of faults for each model. `asked` has the requests in order. */
export function failingProvider(faults: Record<string, Fault[]>) {
  const asked: { path: string; model: string }[] = [];
  const provider: Provider = async (request) => {
    const { model = "" } = (await request.clone().json()) as { model?: string };
    asked.push({ path: new URL(request.url).pathname, model });
    const fault = faults[model]?.shift();
    return fault ? fault() : emulated(request);
  };
  return { provider, asked };
}

/** A provider's refusal. */
export const status =
  (code: number, headers: Record<string, string> = {}): Fault =>
  () =>
    Response.json(
      { error: { message: "No.", type: "server_error", param: null, code: null } },
      { status: code, headers },
    );

/** A provider's stream of exactly these events. */
export const streamOf =
  (...events: string[]): Fault =>
  () =>
    new Response(events.join(""), { headers: { "content-type": "text/event-stream" } });

export const unreachable: Fault = () => Promise.reject(new Error("connection refused"));
