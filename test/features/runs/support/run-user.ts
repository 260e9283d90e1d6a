// A user with runs inside workerd, and the user's object.

import { runInDurableObject } from "cloudflare:test";
import type { Catalog } from "../../../../src/core/catalog/schema.ts";
import type { Bindings } from "../../../../src/core/env.ts";
import { quotaName } from "../../../../src/core/quota/name.ts";
import type { RunSettings } from "../../../../src/features/runs/catalog.ts";
import type { UserRuns } from "../../../../src/features/runs/object.ts";
import type { Script } from "../../../../dev/provider/kernel/script.ts";
import type { TestPlan } from "../../../support/catalog.ts";
import { createCatalog } from "../../../support/catalog.ts";
import { emulate } from "../../../support/emulation.ts";
import type { Provider } from "../../../support/providers.ts";
import { emulated } from "../../../support/providers.ts";
import { bindings, createUser, emulation } from "../../../support/workerd.ts";
import type { ReceivedEvent } from "./run-events.ts";
import { readRunEvents } from "./run-events.ts";

type Body = Record<string, unknown>;

/** The tests' catalog, whose texts are sent at once, with these settings of runs. */
export const runsCatalog = (runs: Partial<RunSettings> = {}, timing: Partial<Catalog["timing"]> = {}) => ({
  ...createCatalog({ coalesce_ms: 0, ...timing }),
  runs,
});

export const newKey = (): string => crypto.randomUUID();

/** The body of a chat that the emulated provider answers as scripted. */
export const scripted = (script: Script, more: Body = {}): Body => ({ input: emulate(script), ...more });

/** The events of a whole response. */
export const eventsOf = async (response: Response): Promise<ReceivedEvent[]> => readRunEvents(await response.text());

/** The chats that the emulated provider was asked for. */
export const chatsAsked = async (): Promise<number> => (await emulation.stats()).by_path["/v1/chat/completions"] ?? 0;

export type RunUser = Awaited<ReturnType<typeof createRunUser>>;

/** A new user. `object` returns the user's object of runs, also after a restart. */
export async function createRunUser(plan?: TestPlan) {
  const user = await createUser(plan);
  const name = await quotaName({ issuer: "weir", subject: user.subject }, bindings.QUOTA_PEPPER);
  const object = () => bindings.USER_RUNS.getByName(name);
  const read = (key: string, headers: Record<string, string>, init: RequestInit = {}) =>
    user.get(`/chat/${key}`, { ...init, headers });
  return {
    ...user,
    name,
    object,
    /** Sends a chat with a key. */
    start: (key: string, body: Body, headers: Record<string, string> = {}, init: RequestInit = {}) =>
      user.post("/chat", body, { ...init, headers: { "idempotency-key": key, ...headers } }),
    /** Reads a run after an event. */
    resume: (key: string, after?: number | string) =>
      read(key, after === undefined ? {} : { "last-event-id": String(after) }),
    /** Reads a run as JSON. */
    whole: (key: string) => read(key, { accept: "application/json" }),
    cancel: (key: string) => read(key, {}, { method: "DELETE" }),
    forget: (key: string) => read(`${key}?forget=1`, {}, { method: "DELETE" }),
    /** Runs something inside the object. */
    inside: <Result>(work: (state: DurableObjectState, instance: UserRuns) => Result | Promise<Result>) =>
      runInDurableObject(object(), (instance: UserRuns, state) => work(state, instance)),
  };
}

/** Replaces the provider of a user's object until it is restarted. */
export const useProvider = (user: RunUser, provider: Provider): Promise<void> =>
  user.inside((_, instance) => {
    const changed = instance as unknown as { env: Bindings };
    changed.env = { ...changed.env, UPSTREAM: { fetch: provider } as unknown as Fetcher };
  });

/** The emulated provider, whose chats are one stream that the test writes. */
export async function writeProvider(user: RunUser) {
  const encoder = new TextEncoder();
  const begun = Promise.withResolvers<void>();
  let writer: WritableStreamDefaultWriter<Uint8Array> | undefined;
  await useProvider(user, (request) => {
    const { signal, url } = request;
    if (!url.endsWith("/chat/completions")) return emulated(request);
    if (writer) throw new Error("the provider was asked again");
    const { readable, writable } = new IdentityTransformStream();
    writer = writable.getWriter();
    writer.closed.catch(() => undefined);
    begun.resolve();
    return fetch("http://echo.test/", { method: "POST", body: readable, signal });
  });
  // A promise of the object must be awaited inside it.
  const within = (work: (writing: WritableStreamDefaultWriter<Uint8Array>) => Promise<void> | undefined) =>
    user.inside(async () => {
      await begun.promise;
      // Not awaited: a write ends when it is read.
      if (writer) void work(writer)?.catch(() => undefined);
    });
  return {
    /** Resolves when the provider was asked. */
    begun: () => within(() => undefined),
    write: (...texts: string[]) => within((writing) => writing.write(encoder.encode(texts.join("")))),
    end: () => within((writing) => writing.close()),
    /** Breaks the connection. */
    breakOff: () => within((writing) => writing.write(Uint8Array.of(0))),
  };
}
