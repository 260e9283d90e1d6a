import { beforeEach, describe, expect, it } from "vitest";
import { errorOf } from "../support/caller.ts";
import { createCatalog } from "../support/catalog.ts";
import { readEvents } from "../support/events.ts";
import { createUserOf } from "../support/providers.ts";
import { streamOf } from "../support/fallbacks.ts";
import type { Surface } from "../support/surface.ts";
import { ask, RESPONSES, SLIM_RESPONSES } from "../support/surface.ts";
import { createUser, emulation, useCatalog } from "../support/workerd.ts";

const ALLOWANCE = 1024;
const NOTHING = { tokens: 0, requests: 0, reserved: 0 };

beforeEach(async () => {
  await useCatalog(createCatalog());
  await emulation.zero();
});

/** The input tokens of an answer as scripted. */
async function inputOf(surface: Surface, script: object): Promise<number> {
  const response = await ask(await createUser(), surface, script, false);
  const answer = (await response.json()) as { usage: { input?: number; input_tokens?: number } };
  return answer.usage.input ?? answer.usage.input_tokens ?? NaN;
}

const toEvent = (type: string, fields: object) => `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`;
const USAGE = { input_tokens: 40, output_tokens: 60, total_tokens: 100 };
const CREATED = toEvent("response.created", { sequence_number: 0, response: { id: "resp_1", status: "in_progress" } });
const TEXT = toEvent("response.output_text.delta", { sequence_number: 1, delta: "twelve bytes" });
const DEAR = { type: "server_error", code: "server_error", message: "org-secret is broken", param: null };

/** The ends that a response has besides being completed. */
const endsWith = (status: string, more: object = {}) =>
  toEvent(`response.${status}`, {
    sequence_number: 2,
    response: { id: "resp_1", status, output: [], usage: USAGE, ...more },
  });

async function play(surface: Surface, ...events: string[]) {
  const user = await createUserOf(async () => streamOf(...events)());
  const response = await ask(user, surface, {});
  const text = await response.text();
  return { response, text, spent: await user.settled(), body: surface.body({}, true) };
}

describe.each([
  [RESPONSES.path, RESPONSES],
  [`${SLIM_RESPONSES.path} over Responses`, SLIM_RESPONSES],
])("on %s", (_, surface) => {
  it.each([
    ["nested", {}],
    ["flat", { flat_error: true }],
  ])("an error in the middle, %s, costs the usage of the failed response", async (_shape, shape) => {
    const script = { tokens: 20, error_after: 15, delay_ms: 1, reasoning: 3, ...shape };
    // Of the same length, and not broken.
    const input = await inputOf(surface, { ...script, error_after: 25 });
    const user = await createUser();
    const response = await ask(user, surface, script);
    expect(response.status).toBe(200);
    const text = await response.text();
    expect(surface.failure(text)).toEqual({
      message: "The model failed while answering. Please try again.",
      type: "server_error",
      param: null,
      code: "provider_error",
    });
    expect(await user.settled()).toEqual({ tokens: input + 15 + 3, requests: 1, reserved: 0 });
  });

  it.each([
    ["fails", [toEvent("error", { sequence_number: 2, error: DEAR }), endsWith("failed", { error: DEAR })]],
    ["fails with a flat error", [toEvent("error", { ...DEAR, type: "error" }), endsWith("failed", { error: DEAR })]],
    ["fails without an event of the error", [endsWith("failed", { error: DEAR })]],
    ["is cancelled", [endsWith("cancelled")]],
  ])("a response that %s in the middle costs its usage, and shows none of the provider's words", async (_end, end) => {
    const { response, text, spent } = await play(surface, CREATED, TEXT, ...end);
    expect(response.status).toBe(200);
    expect(surface.failure(text)).toMatchObject({ type: "server_error", code: "provider_error" });
    expect(text).not.toContain("org-secret");
    expect(text).toContain("twelve bytes");
    expect(spent).toEqual({ tokens: 100, requests: 1, reserved: 0 });
  });

  it("an error in the middle after which nothing comes costs an estimate", async () => {
    const error = toEvent("error", { sequence_number: 2, error: DEAR });
    const { text, spent, body } = await play(surface, CREATED, TEXT, error);
    expect(surface.failure(text)).toMatchObject({ code: "provider_error" });
    const tokens = Math.ceil(surface.shown(body) / 4) + 3 + ALLOWANCE;
    expect(spent).toEqual({ tokens, requests: 1, reserved: 0 });
  });

  it("an error about the request keeps its words", async () => {
    const error = { type: "invalid_request_error", code: "invalid_image", message: "No picture.", param: "input" };
    const { text } = await play(surface, CREATED, TEXT, toEvent("error", { error }), endsWith("failed", { error }));
    expect(surface.failure(text)).toEqual(error);
  });

  it.each([
    ["nested", { error: DEAR }],
    ["flat", { ...DEAR, type: "error" }],
  ])("a stream whose first event is an error, %s, has a real status and costs nothing", async (_shape, error) => {
    const { response, text, spent } = await play(surface, toEvent("error", error), endsWith("failed"));
    expect(response.status).toBe(502);
    expect(await errorOf(new Response(text))).toMatchObject({ code: "provider_error" });
    expect(text).not.toContain("org-secret");
    expect(spent).toEqual(NOTHING);
  });

  it("a provider that is overloaded in its first event is told as busy", async () => {
    const error = { ...DEAR, code: "server_is_overloaded" };
    const { response, spent } = await play(surface, toEvent("error", { error }));
    expect(response.status).toBe(503);
    expect(response.headers.get("retry-after")).toBe("1");
    expect(spent).toEqual(NOTHING);
  });

  it.each([
    ["streamed", true],
    ["whole", false],
  ])("an answer that its limit cut short is one that finished when %s", async (_kind, stream) => {
    const user = await createUser();
    const body = { ...surface.body({ tokens: 200 }, stream), max_output_tokens: 50 };
    const response = await user.post(surface.path, body);
    expect(response.status).toBe(200);
    const text = await response.text();
    const last = stream ? readEvents(text).at(-1)?.data : text;
    expect(last).toMatch(/"status":"incomplete"|"finish":"length"/);
    const tokens = surface.tokens(text, stream);
    expect(tokens).toBeGreaterThan(50);
    expect(await user.settled()).toEqual({ tokens, requests: 1, reserved: 0 });
  });

  it.each([
    ["the sign of another dialect's end", "data: [DONE]\n\n"],
    ["what is no event", "data: <html>\n\n"],
    ["more text", toEvent("response.output_text.delta", { sequence_number: 3, delta: "and more" })],
  ])("an answer that is followed by %s has finished, and lost nothing", async (_what, more) => {
    const { text, spent } = await play(surface, CREATED, TEXT, endsWith("completed"), more);
    expect(surface.failure(text)).toBeUndefined();
    expect(text).toContain("twelve bytes");
    expect(text).not.toContain("and more");
    expect(spent).toEqual({ tokens: 100, requests: 1, reserved: 0 });
  });

  it("an answer that the provider's filter cut short is one that finished", async () => {
    const end = endsWith("incomplete", { incomplete_details: { reason: "content_filter" } });
    const { text, spent } = await play(surface, CREATED, TEXT, end);
    expect(surface.failure(text)).toBeUndefined();
    expect(text).toMatch(/"reason":"content_filter"|"finish":"content_filter"/);
    expect(spent).toEqual({ tokens: 100, requests: 1, reserved: 0 });
  });

  it.each([
    ["failed", { error: DEAR }],
    ["cancelled", {}],
  ])("a whole answer that says it has %s is the provider's error, and costs its usage", async (status, more) => {
    const answer = { id: "resp_1", status, output: [], usage: USAGE, ...more };
    const user = await createUserOf(async () => Response.json(answer));
    const response = await ask(user, surface, {}, false);
    expect(response.status).toBe(502);
    expect(await errorOf(response)).toMatchObject({ code: "provider_error" });
    expect(await user.settled()).toEqual({ tokens: 100, requests: 1, reserved: 0 });
  });

  it.each([
    ["cannot be read", "<html>"],
    ["goes on although nobody asked for that", JSON.stringify({ id: "resp_1", status: "in_progress", output: [] })],
  ])("a whole answer that %s is the provider's error, and costs an estimate", async (_kind, answer) => {
    const user = await createUserOf(async () => new Response(answer));
    const response = await ask(user, surface, {}, false);
    expect(response.status).toBe(502);
    const tokens = Math.ceil(surface.shown(surface.body({}, false)) / 4) + ALLOWANCE;
    expect(await user.settled()).toEqual({ tokens, requests: 1, reserved: 0 });
  });
});
