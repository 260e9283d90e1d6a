// POST /v1/responses: the endings of a response, and their costs.

import { beforeEach, describe, expect, it } from "vitest";
import { errorOf } from "../../../support/caller.ts";
import { createCatalog } from "../../../support/catalog.ts";
import { estimateOf } from "../../../support/estimate.ts";
import { readEvents } from "../../../support/events.ts";
import { createUserOf, streamOf } from "../../../support/providers.ts";
import { ask } from "../../../support/surface.ts";
import { createUser, emulation, useCatalog } from "../../../support/workerd.ts";
import { RESPONSES } from "../support/surface.ts";

beforeEach(async () => {
  await useCatalog(createCatalog());
  await emulation.zero();
});

const toEvent = (type: string, fields: object) => `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`;
const USAGE = { input_tokens: 40, output_tokens: 60, total_tokens: 100 };
const CREATED = toEvent("response.created", { sequence_number: 0, response: { id: "resp_1", status: "in_progress" } });
const TEXT = toEvent("response.output_text.delta", { sequence_number: 1, delta: "twelve bytes" });
const DEAR = { type: "server_error", code: "server_error", message: "org-secret is broken", param: null };
const errorEvent = (fields: object) => toEvent("error", { sequence_number: 2, ...fields });

/** The last event of a response. */
const endsAs = (status: string, more: object = {}) =>
  toEvent(`response.${status}`, {
    sequence_number: 2,
    response: { id: "resp_1", status, output: [], usage: USAGE, ...more },
  });

async function play(...events: string[]) {
  const user = await createUserOf(streamOf(...events));
  const response = await ask(user, RESPONSES, {});
  const text = await response.text();
  return { response, text, spent: await user.settled() };
}

describe("a response that breaks off", () => {
  it.each([
    ["fails", [errorEvent({ error: DEAR }), endsAs("failed", { error: DEAR })]],
    ["fails with a flat error", [errorEvent({ ...DEAR, type: "error" }), endsAs("failed", { error: DEAR })]],
    ["fails without an error event", [endsAs("failed", { error: DEAR })]],
    ["is cancelled", [endsAs("cancelled")]],
  ])("because it %s costs its usage, and hides the provider's message", async (_how, end) => {
    const { response, text, spent } = await play(CREATED, TEXT, ...end);
    expect(response.status).toBe(200);
    expect(RESPONSES.failure(text)).toMatchObject({ type: "server_error", code: "provider_error" });
    expect(text).not.toContain("org-secret");
    expect(text).toContain("twelve bytes");
    expect(spent).toEqual({ tokens: 100, requests: 1, reserved: 0 });
  });

  it("after an error without usage costs an estimate", async () => {
    const { text, spent } = await play(CREATED, TEXT, errorEvent({ error: DEAR }));
    expect(RESPONSES.failure(text)).toMatchObject({ code: "provider_error" });
    const tokens = estimateOf(RESPONSES, RESPONSES.body({}, true), 12);
    expect(spent).toEqual({ tokens, requests: 1, reserved: 0 });
  });

  it("because the request is invalid keeps the provider's message", async () => {
    const error = { type: "invalid_request_error", code: "invalid_image", message: "No picture.", param: "input" };
    const { text } = await play(CREATED, TEXT, errorEvent({ error }), endsAs("failed", { error }));
    expect(RESPONSES.failure(text)).toEqual(error);
  });

  it("before it starts, because the provider is overloaded, is a 503", async () => {
    const { response } = await play(errorEvent({ error: { ...DEAR, code: "server_is_overloaded" } }));
    expect([response.status, response.headers.get("retry-after")]).toEqual([503, "1"]);
  });
});

describe("a response that finished", () => {
  it.each([true, false])("at its output limit costs its usage (stream: %s)", async (stream) => {
    const user = await createUser();
    const body = { ...RESPONSES.body({ tokens: 200 }, stream), max_output_tokens: 50 };
    const text = await (await user.post(RESPONSES.path, body)).text();
    expect(stream ? readEvents(text).at(-1)?.data : text).toContain('"status":"incomplete"');
    const tokens = RESPONSES.tokens(text, stream);
    expect(tokens).toBeGreaterThan(50);
    expect(await user.settled()).toEqual({ tokens, requests: 1, reserved: 0 });
  });

  it.each([
    ["followed by another event", [endsAs("completed"), "data: <html>\n\n"]],
    ["truncated by a filter", [endsAs("incomplete", { incomplete_details: { reason: "content_filter" } })]],
  ])("and is %s costs its usage", async (_how, end) => {
    const { text, spent } = await play(CREATED, TEXT, ...end);
    expect(RESPONSES.failure(text)).toBeUndefined();
    expect(text).not.toContain("html");
    expect(spent).toEqual({ tokens: 100, requests: 1, reserved: 0 });
  });
});

describe("a response that is not streamed", () => {
  const failed = { id: "resp_1", status: "failed", output: [], usage: USAGE, error: DEAR };
  const estimate = estimateOf(RESPONSES, RESPONSES.body({}, false));

  it.each([
    ["has failed costs its usage", JSON.stringify(failed), 100],
    ["is invalid costs an estimate", "<html>", estimate],
    ["has not ended costs an estimate", JSON.stringify({ ...failed, status: "in_progress" }), estimate],
  ])("and %s is a 502", async (_how, answer, tokens) => {
    const user = await createUserOf(() => new Response(answer));
    const response = await ask(user, RESPONSES, {}, false);
    expect(response.status).toBe(502);
    expect(await errorOf(response)).toMatchObject({ code: "provider_error" });
    const spent = await user.settled();
    expect(spent).toMatchObject({ requests: 1, reserved: 0 });
    // The time of the answer adds a token.
    expect(spent.tokens - tokens).toBeLessThan(3);
    expect(spent.tokens).toBeGreaterThanOrEqual(tokens);
  });
});
