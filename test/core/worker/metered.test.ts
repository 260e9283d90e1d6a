// The gateway's contract for answers in bytes, for deadlines, and for answers that are not valid.

import { createExecutionContext } from "cloudflare:test";
import { Hono } from "hono";
import { beforeEach, describe, expect, it } from "vitest";
import { createApp } from "../../../src/app.ts";
import type { AppEnv } from "../../../src/core/feature.ts";
import { apiError } from "../../../src/core/errors.ts";
import type { Ask, Reply } from "../../../src/core/gateway/exchange.ts";
import { jsonBody } from "../../../src/core/gateway/exchange.ts";
import { metered } from "../../../src/core/gateway/metered.ts";
import { createBytesCodec } from "../../../src/core/relay/bytes-codec.ts";
import { createCaller, errorOf } from "../../support/caller.ts";
import { TEMPLATE_TOKENS } from "../../support/estimate.ts";
import { ALIAS, createSturdyCatalog, FIRST, SECOND } from "../../support/fallbacks.ts";
import type { Fault } from "../../support/providers.ts";
import { failingProvider, upstream } from "../../support/providers.ts";
import { bindings, createUser, emulation, useCatalog } from "../../support/workerd.ts";

const SOUND = "RIFF";
const WITH_USAGE = `${SOUND} and 25 tokens`;
const USAGE = { input: 5, cached: 0, cacheWrite: 0, output: 20, reasoning: 0 };
const usageIn = (tail: string) => (tail.endsWith("25 tokens") ? USAGE : undefined);

const DEMAND = { inputBytes: 40, images: 0, choices: 1, maxOutputTokens: undefined };
const endpoint = "chat_completions";

beforeEach(async () => {
  await useCatalog(createSturdyCatalog());
  await emulation.zero();
});

const BYTES: Reply = { kind: "bytes", createCodec: () => createBytesCodec(usageIn) };

/** A user of a route whose answers are bytes by default. The models answer with these faults, in their order. */
async function deploy(faults: Record<string, Fault[]>, changes: Partial<Ask> = {}, reply: Reply = BYTES) {
  const { provider, asked } = failingProvider(faults);
  const { token, usage } = await createUser();
  const prepare = ({ snapshot }: { snapshot: string }) => ({
    ask: {
      endpoint,
      needs: [],
      demand: DEMAND,
      subject: undefined,
      write: () => jsonBody(JSON.stringify({ model: snapshot })),
      ...changes,
    } satisfies Ask,
    reply,
  });
  const call = { model: ALIAS, ways: [{ endpoint, prepare } as const] };
  const speak = new Hono<AppEnv>().post("/", (c) => metered(c.get("caller"), call));
  const app = createApp([{ name: "speech", routes: [{ path: "/speech", access: "user", app: speak, summary: "" }] }]);
  const send = async (path: string, init: RequestInit) =>
    app.fetch(
      new Request(`http://weir${path}`, init),
      { ...bindings, ...upstream(provider) },
      createExecutionContext(),
    );
  const user = createCaller(send, token, usage);
  return { ...user, speak: () => user.post("/speech", {}), models: () => asked.map(({ model }) => model) };
}

const bytes =
  (text: string): Fault =>
  () =>
    new Response(text, { headers: { "content-type": "audio/wav" } });

const decoded = async (response: Response) => new TextDecoder().decode(await response.arrayBuffer());

const silent: Fault = () => new Response(new ReadableStream({ type: "bytes" }));

it("a request with a deadline of its own is a 504 after that time", async () => {
  const user = await deploy({ [FIRST]: [silent] }, { maxMs: 50 });
  const response = await user.speak();
  expect([response.status, await errorOf(response)]).toMatchObject([504, { code: "provider_timeout" }]);
});

const events: Fault = () => new Response("data: {}\n\n", { headers: { "content-type": "text/event-stream" } });
const INVALID: Reply = {
  kind: "json",
  read: () => {
    throw apiError("provider_error", "The answer is not valid.");
  },
};

it("a JSON answer that came as an event stream is charged, and not asked for again", async () => {
  const user = await deploy({ [FIRST]: [events], [SECOND]: [events] }, {}, INVALID);
  expect((await user.speak()).status).toBe(502);
  expect(user.models()).toEqual([FIRST]);
  const { tokens, ...rest } = await user.settled();
  expect(rest).toEqual({ requests: 1, reserved: 0 });
  expect(tokens).toBeGreaterThanOrEqual(DEMAND.inputBytes + TEMPLATE_TOKENS);
});

describe("an answer in bytes", () => {
  it("passes unchanged with its content type, and costs the usage at its end", async () => {
    const user = await deploy({ [FIRST]: [bytes(WITH_USAGE)] });
    const response = await user.speak();
    expect(response.headers.get("content-type")).toBe("audio/wav");
    expect(await decoded(response)).toBe(WITH_USAGE);
    expect(await user.settled()).toEqual({ tokens: 25, requests: 1, reserved: 0 });
  });

  it("without usage costs an estimate of its input", async () => {
    const user = await deploy({ [FIRST]: [bytes(SOUND)] }, { demand: { ...DEMAND, exactInput: 7 } });
    expect(await decoded(await user.speak())).toBe(SOUND);
    const { tokens, ...rest } = await user.settled();
    expect(rest).toEqual({ requests: 1, reserved: 0 });
    expect(tokens).toBeGreaterThanOrEqual(7 + TEMPLATE_TOKENS);
  });
});
