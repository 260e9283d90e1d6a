// uses: slim-chat
// A run as one JSON object is what the same request returns without streaming.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ApiError } from "../../../../src/core/errors.ts";
import { apiError } from "../../../../src/core/errors.ts";
import { createDecodingCodec } from "../../../../src/core/relay/event-codec.ts";
import { createEventReader } from "../../../../src/core/relay/events.ts";
import { toStreamError } from "../../../../src/core/relay/failure.ts";
import { chatDialect } from "../../../../src/dialects/chat-completions/decode.ts";
import { responsesDialect } from "../../../../src/dialects/responses/decode.ts";
import { failedEvent, runInterrupted } from "../../../../src/features/runs/failures.ts";
import type { RunEvent } from "../../../../src/features/runs/log.ts";
import { readFrame } from "../../../../src/features/runs/log.ts";
import { toWhole } from "../../../../src/features/runs/whole-run.ts";
import { slimEvents } from "../../../../src/features/slim-chat/codec.ts";
import { slimWhole } from "../../../../src/features/slim-chat/whole-answer.ts";
import type { Json } from "../../../dialects/support/responses-events.ts";
import { recordedResponse, toEvent } from "../../../dialects/support/responses-events.ts";
import { chunk, DONE, finishChunk, sse, textChunk, toUtf8 } from "../../../support/chat-chunks.ts";
import { outputOf } from "../../../support/codec-output.ts";
import { refusalOf } from "../../../support/refusals.ts";
import { textEvent } from "../support/run-logs.ts";

const SETTLED = { left: { "tokens/day": 5 }, usd: 0.25 };
const createId = () => "call_new";
const events = slimEvents(() => null, createId);

/** The log of a run whose provider streams these events, each in its own read. `close` names the ending. */
function logOf(stream: string[], dialect = chatDialect, close: "conclude" | "cancel" = "conclude"): RunEvent[] {
  const codec = createDecodingCodec(dialect, events);
  const sent = outputOf(codec, stream.map(toUtf8));
  const reader = createEventReader();
  return [...reader.read(sent), ...reader.read(codec[close]?.(SETTLED) ?? toUtf8(""))].flatMap(
    ({ raw }) => readFrame(raw) ?? [],
  );
}

describe("a finished run", () => {
  it.each(["text", "tools", "reasoning", "refusal", "incomplete", "multibyte"])(
    "is the whole answer, over Responses: %s",
    (name) => {
      const recorded = recordedResponse(name);
      const { response } = recorded.at(-1) as { response: Json };
      const whole = slimWhole(JSON.stringify(response), responsesDialect, createId).conclude(SETTLED);
      expect(toWhole(logOf(recorded.map(toEvent), responsesDialect))).toBe(whole);
    },
  );

  it("is the whole answer for any text, tool calls, finish and usage, over Chat Completions", () => {
    const text = fc.string({ unit: "binary", maxLength: 10 });
    const call = fc.record({ name: fc.constantFrom("look", "find"), arguments: text });
    const usage = { prompt_tokens: 12, completion_tokens: 30, total_tokens: 42 };
    const given = {
      texts: fc.array(text, { maxLength: 8 }),
      calls: fc.array(call, { maxLength: 3 }),
      finish: fc.constantFrom("stop", "length", "tool_calls", "content_filter"),
      used: fc.constantFrom({}, { usage }),
    };
    const property = fc.property(fc.record(given), ({ texts, calls, finish, used }) => {
      const tools = calls.map((call, index) => ({ index, id: `call_${index}`, type: "function", function: call }));
      const streamed = tools.map((tool) => chunk({ tool_calls: [tool] }));
      const last = sse({ choices: [], ...used });
      const log = logOf([...texts.map(textChunk), ...streamed, finishChunk(finish), last, DONE]);
      const message = { role: "assistant", content: texts.join(""), ...(calls.length > 0 && { tool_calls: tools }) };
      const body = { choices: [{ index: 0, message, finish_reason: finish }], ...used };
      expect(toWhole(log)).toBe(slimWhole(JSON.stringify(body), chatDialect, createId).conclude(SETTLED));
    });
    fc.assert(property, { numRuns: 60 });
  });

  it("has its text so far when it was cancelled", () => {
    const log = logOf([textChunk("A we"), textChunk("ir \ud83d")], chatDialect, "cancel");
    expect(JSON.parse(toWhole(log))).toEqual({
      text: "A weir \ud83d",
      finish: "cancelled",
      usage: { usd: 0.25 },
      left: SETTLED.left,
    });
  });
});

describe("a failed run is the error of a whole answer, with its status", () => {
  const INVALID = { type: "invalid_request_error", code: "string_above_max_length", message: "No.", param: null };
  it.each<[string, ApiError]>([
    ["failed", apiError("provider_error", "It broke.")],
    ["blocked", apiError("content_policy_violation", "The output is not allowed here.")],
    ["too late", apiError("provider_timeout", "It fell silent.")],
    ["busy", apiError("provider_overloaded", "The model is busy.")],
    ["interrupted", runInterrupted()],
    ["refused by the provider in the middle", toStreamError(INVALID)],
  ])("%s", async (_how, error) => {
    const { status, body } = await refusalOf(() => toWhole([textEvent("A we"), failedEvent(error)]));
    expect([status, body]).toEqual([error.status, error.body]);
  });
});
