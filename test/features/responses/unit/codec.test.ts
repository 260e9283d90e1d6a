// Responses streams passed through: every event unchanged, except the provider's errors.

import { describe, expect, it } from "vitest";
import type { Codec } from "../../../../src/core/relay/codec.ts";
import { createDecodingCodec } from "../../../../src/core/relay/event-codec.ts";
import { toStreamError } from "../../../../src/core/relay/failure.ts";
import { endingOf } from "../../../../src/core/relay/pump.ts";
import { responsesDialect } from "../../../../src/dialects/responses/decode.ts";
import { passResponsesEvents } from "../../../../src/features/responses/codec.ts";
import type { Json } from "../../../dialects/support/responses-events.ts";
import { recordedResponse, responseOf, toEvent, USAGE } from "../../../dialects/support/responses-events.ts";
import { fromUtf8, toUtf8 } from "../../../support/chat-chunks.ts";
import { pushAll } from "../../../support/codec-output.ts";
import { readEvents } from "../../../support/events.ts";
import { singleBytes } from "../../../support/stream-cuts.ts";

const createCodec = (memo = false) => createDecodingCodec(responsesDialect, passResponsesEvents({ memo }));

const run = (codec: Codec, pieces: Iterable<Uint8Array>) => fromUtf8(pushAll(codec, pieces));

/** The closing events of a failed answer. */
function closing(codec: Codec, cause?: unknown): Json[] {
  const ending = endingOf(codec, cause);
  if (ending.kind !== "failed") throw new Error(`the answer is ${ending.kind}`);
  return eventsOf(codec.fail(ending.error.body));
}

function eventsOf(bytes: Uint8Array | undefined): Json[] {
  return readEvents(fromUtf8(bytes ?? toUtf8(""))).map(({ name, data }) => {
    const event = JSON.parse(data) as Json;
    if (event.type !== name) throw new Error(`'${name}' is the name of ${data}`);
    return event;
  });
}

const isError = ({ type }: Json) => type === "error" || type === "response.failed";
const textsOf = (events: Json[]) =>
  events.map(({ type, delta }) => (type === "response.output_text.delta" ? String(delta) : "")).join("");

it.each(["text", "tools", "refusal", "multibyte", "incomplete", "reasoning", "error-nested", "error-flat"])(
  "the recording %s passes unchanged without its errors, in one piece and byte by byte",
  (name) => {
    const recorded = recordedResponse(name);
    const bytes = toUtf8(recorded.map(toEvent).join(""));
    const passed = recorded.filter((event) => !isError(event)).map(toEvent);
    for (const pieces of [[bytes], singleBytes(bytes)]) {
      const codec = createCodec();
      expect(run(codec, pieces)).toBe(passed.join(""));
      expect(codec.progress).toMatchObject({ heard: true, ended: true });
      expect(codec.progress.usage?.input).toBeGreaterThan(0);
      expect(endingOf(codec, undefined).kind).toBe(recorded.some(isError) ? "failed" : "finished");
    }
  },
);

it.each(["error-nested", "error-flat"])("the recording %s ends with Weir's error and the failed response", (name) => {
  const codec = createCodec();
  const sent = run(codec, [toUtf8(recordedResponse(name).map(toEvent).join(""))]);
  const { body } = toStreamError(codec.progress.error ?? { message: "", type: "", param: null, code: null });
  const events = closing(codec);
  const failed = { id: "resp_0c9d7e41b6a2f385", object: "response", status: "failed" };
  const { type: _, ...flat } = body;
  expect(events).toMatchObject([
    // Flat as in the specification, and nested as clients read it.
    { type: "error", sequence_number: 8, ...flat, error: body },
    {
      type: "response.failed",
      sequence_number: 9,
      response: {
        ...failed,
        error: { code: "server_error", message: body.message },
        usage: { input_tokens: 12, output_tokens: 19 },
      },
    },
  ]);
  expect(JSON.stringify([sent, events])).not.toContain("Sorry about that!");
  expect(codec.progress.usage).toEqual({ input: 12, cached: 0, cacheWrite: 0, output: 19, reasoning: 16 });
});

const delta = (sequence_number: number, text: string) =>
  toEvent({ type: "response.output_text.delta", sequence_number, delta: text });
const created = toEvent({
  type: "response.created",
  sequence_number: 0,
  response: responseOf({ status: "in_progress", usage: null }),
});
const failedWith = (sequence_number: number, error: Json) =>
  toEvent({ type: "response.failed", sequence_number, response: responseOf({ status: "failed", error }) });

/** A codec that has read these events, and its output. */
function pushed(...events: string[]) {
  const codec = createCodec();
  return { codec, sent: run(codec, [toUtf8(events.join(""))]) };
}

describe("a failed answer", () => {
  it("without an error event has one, and the usage", () => {
    const { codec, sent } = pushed(
      created,
      delta(1, "A we"),
      failedWith(2, { code: "server_error", message: "org-1" }),
    );
    expect(sent).toBe(created + delta(1, "A we"));
    const words = closing(codec);
    expect(words).toMatchObject([
      { type: "error", sequence_number: 2, error: { code: "provider_error", param: null, type: "server_error" } },
      { type: "response.failed", sequence_number: 3, response: { status: "failed", usage: USAGE } },
    ]);
    expect(JSON.stringify(words)).not.toContain("org-1");
  });

  it("keeps the provider's message when the request is invalid", () => {
    const about = { code: "invalid_image_url", message: "The image could not be fetched." };
    for (const events of [
      [failedWith(1, about)],
      [toEvent({ type: "error", sequence_number: 1, ...about })],
      [toEvent({ type: "error", sequence_number: 1, error: about }), failedWith(2, about)],
    ]) {
      const words = closing(pushed(created, ...events).codec);
      expect(words).toMatchObject([
        { sequence_number: 1, error: { ...about, type: "invalid_request_error" } },
        { sequence_number: 2, response: { status: "failed", error: about } },
      ]);
    }
  });

  it("of a busy provider has the code provider_overloaded", () => {
    const { codec } = pushed(created, failedWith(1, { code: "rate_limit_exceeded", message: "org-1" }));
    expect(closing(codec)).toMatchObject([{ error: { code: "provider_overloaded" } }, {}]);
  });

  it("with a broken connection continues the sequence numbers", () => {
    const { codec, sent } = pushed(created, delta(1, "A"), delta(2, " we"), delta(3, "ir").slice(0, -1));
    expect(sent).toBe(created + delta(1, "A") + delta(2, " we"));
    expect(closing(codec, new Error("connection reset"))).toMatchObject([
      { type: "error", sequence_number: 3, error: { code: "provider_error" } },
      { type: "response.failed", sequence_number: 4, response: { id: "resp_1", status: "failed" } },
    ]);
  });
});

it.each(["data: {\n\n", "data: [DONE]\n\n", 'event: response.completed\ndata: {"type":"response.completed"}\n\n'])(
  "an invalid event throws, and the events before it are sent: %j",
  (event) => {
    const codec = createCodec();
    expect(() => codec.push(toUtf8(created + delta(1, "A") + event + delta(2, "B")))).toThrow();
    expect(fromUtf8(codec.take())).toBe(created + delta(1, "A"));
    expect(closing(codec, new Error("unreadable"))).toMatchObject([{ sequence_number: 2 }, { sequence_number: 3 }]);
  },
);

const completed = toEvent({ type: "response.completed", sequence_number: 2, response: responseOf() });

it.each(["data: [DONE]\n\n", "data: <html>\n\n", delta(3, "And more"), ": bye\n\n"])(
  "events after the end are dropped: %j",
  (more) => {
    for (const events of [
      [created + delta(1, "A weir.") + completed + more],
      [created, delta(1, "A weir."), completed, more],
    ]) {
      const codec = createCodec();
      expect(run(codec, events.map(toUtf8))).toBe(created + delta(1, "A weir.") + completed);
      expect(endingOf(codec, undefined)).toEqual({ kind: "finished" });
      expect(codec.progress).toMatchObject({ outputBytes: 7, usage: { input: 12, output: 30 } });
    }
  },
);

it("every event is sent at once, comments too, and nothing is added at the end", () => {
  const codec = createCodec();
  codec.push(toUtf8(": hello\n\n"));
  expect([codec.pace, codec.progress.heard, fromUtf8(codec.take())]).toEqual(["at once", false, ": hello\n\n"]);
  codec.push(toUtf8(created));
  expect([codec.progress.heard, fromUtf8(codec.take())]).toEqual([true, created]);
  expect(codec.take()).toHaveLength(0);
  expect(codec.conclude({ left: {}, usd: 0 })).toHaveLength(0);
});

/** The code in `response.failed` after an error event of the provider with these fields. */
const failedCode = (fields: Json) =>
  closing(pushed(created, toEvent({ type: "error", sequence_number: 1, ...fields })).codec)[1]?.["response"];

it.each([
  ["server_error", { code: "server_error" }],
  ["server_error", { code: "something_new" }],
  ["rate_limit_exceeded", { code: "rate_limit_exceeded" }],
  ["rate_limit_exceeded", { code: "server_is_overloaded" }],
  ["invalid_prompt", { code: "invalid_prompt" }],
  ["invalid_prompt", { code: "context_length_exceeded", type: "invalid_request_error" }],
  ["invalid_image_url", { code: "invalid_image_url" }],
])("a failed response has the code %s for %j", (code, error) => {
  expect(failedCode({ error: { message: "Sorry.", ...error } })).toMatchObject({ error: { code } });
});

const CHARGED = { input: 12, cached: 4, output: 30, reasoning: 20 };

describe("a blocked answer", () => {
  const events = recordedResponse("text");
  const blockedAfter = (count: number, memo = false) => {
    const codec = createCodec(memo);
    run(codec, [toUtf8(events.slice(0, count).map(toEvent).join(""))]);
    return eventsOf(codec.block({ message: "No.", type: "", param: null, code: null }, undefined, CHARGED));
  };
  const typeIndex = (type: string) => events.findIndex((event) => event.type === type);

  it("ends its message and its response with the text that was passed on", () => {
    const count = typeIndex("response.output_text.done");
    const text = textsOf(events.slice(0, count));
    const part = { type: "output_text", text, annotations: [], logprobs: [] };
    const message = { type: "message", status: "incomplete", content: [part] };
    const place = { output_index: 1, content_index: 0 };
    const ended = blockedAfter(count);
    expect(ended).toMatchObject([
      { type: "response.output_text.done", ...place, text, logprobs: [] },
      { type: "response.content_part.done", ...place, part },
      { type: "response.output_item.done", output_index: 1, item: message },
      {
        type: "response.incomplete",
        response: {
          id: "resp_0c9d7e41b6a2f385",
          status: "incomplete",
          incomplete_details: { reason: "content_filter" },
          output: [{ type: "reasoning" }, message],
          usage: { input_tokens: 12, output_tokens: 30, total_tokens: 42, input_tokens_details: { cached_tokens: 4 } },
        },
      },
    ]);
    expect(ended.map(({ sequence_number: number }) => number)).toEqual([0, 1, 2, 3].map((index) => count + index));
  });

  it.each([
    ["response.content_part.done", ["response.content_part.done", "response.output_item.done"]],
    ["response.completed", []],
  ])("does not repeat the events before %s", (next, missing) => {
    const types = blockedAfter(typeIndex(next)).map(({ type }) => type);
    expect(types).toEqual([...missing, "response.incomplete"]);
  });

  it("and one that exceeds the grant have their text in the last event", () => {
    const codec = createCodec();
    run(codec, [toUtf8(events.slice(0, typeIndex("response.output_text.done")).map(toEvent).join(""))]);
    codec.progress.overran = true;
    const end = eventsOf(codec.conclude({ left: {}, usd: 0 })).at(-1);
    const content = [{ type: "output_text", text: textsOf(events) }];
    expect(end).toMatchObject({
      response: { incomplete_details: { reason: "max_output_tokens" }, output: [{}, { content }] },
    });
  });

  it("has a memo for a client that refers to items", () => {
    const [added, done, end] = blockedAfter(typeIndex("response.completed"), true);
    const memo = { type: "reasoning", id: expect.stringMatching(/^rs_weir_/) };
    expect([added, done]).toMatchObject([{ item: memo }, { item: memo }]);
    expect(end).toMatchObject({ response: { output: [{}, {}, memo] } });
  });
});
