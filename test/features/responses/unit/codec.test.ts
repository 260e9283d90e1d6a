// A stream of Responses on its way to a caller: every event as it came, and of errors one shape, in words for callers.

import { describe, expect, it } from "vitest";
import { createResponsesPassCodec } from "../../../../src/features/responses/codec.ts";
import type { Codec } from "../../../../src/core/relay/codec.ts";
import { toStreamError } from "../../../../src/core/relay/failure.ts";
import { endingOf } from "../../../../src/core/relay/pump.ts";
import { fromUtf8, toUtf8 } from "../../../support/chat-chunks.ts";
import { readEvents } from "../../../support/events.ts";
import { FRAMINGS, toBytes } from "../../../dialects/support/golden-streams.ts";
import type { RecordedName } from "../../../dialects/support/responses-events.ts";
import {
  recordedResponse,
  responseOf,
  toEvent,
  toNamedEvents,
  USAGE,
} from "../../../dialects/support/responses-events.ts";
import { everyCutInTwo, singleBytes } from "../../../support/stream-cuts.ts";

type Json = Record<string, unknown>;

/** Feeds a codec those pieces, taking after each, and gives all that it sent. */
function run(codec: Codec, pieces: Iterable<Uint8Array>): string {
  const sent: Uint8Array[] = [];
  for (const piece of pieces) {
    codec.push(piece);
    sent.push(codec.take());
  }
  codec.finish();
  return Buffer.concat(sent).toString();
}

/** The last words to a caller of an answer that failed, as the relay has them. */
function lastWords(codec: Codec, cause?: unknown): Json[] {
  const ending = endingOf(codec, cause);
  if (ending.kind !== "failed") throw new Error(`it is ${ending.kind}`);
  return eventsOf(fromUtf8(codec.fail(ending.error.body)));
}

function eventsOf(text: string): Json[] {
  return readEvents(text).map(({ name, data }) => {
    const event = JSON.parse(data) as Json;
    if (event.type !== name) throw new Error(`'${name}' is the name of ${data}`);
    return event;
  });
}

const isError = ({ type }: Json) => type === "error" || type === "response.failed";
const NAMES: RecordedName[] = [
  "text",
  "tools",
  "refusal",
  "multibyte",
  "incomplete",
  "reasoning",
  "error-nested",
  "error-flat",
];
const CASES = NAMES.flatMap((name) =>
  Object.entries(FRAMINGS).map(([framing, how]) => {
    const recorded = recordedResponse(name);
    const bytes = toBytes(toNamedEvents(recorded, how));
    // Comments before what is withheld are passed.
    const passed = toNamedEvents(recorded, how).filter(
      (event) => !/^data: \{"type":"(error|response.failed)"/m.test(event),
    );
    return { name, framing, bytes, passed: passed.join(""), fails: recorded.some(isError) };
  }),
);

/** Short recordings that hold every kind of border: characters of several bytes, and an error that is withheld. */
const CUT_AT_EVERY_BYTE = new Set(["multibyte", "error-flat"]);

describe.each(CASES)("$name $framing", ({ name, bytes, passed, fails }) => {
  const check = (pieces: Uint8Array[]) => {
    const codec = createResponsesPassCodec();
    expect(run(codec, pieces)).toBe(passed);
    expect(codec.progress).toMatchObject({ heard: true, ended: true });
    expect(codec.progress.usage?.input).toBeGreaterThan(0);
    expect(endingOf(codec, undefined).kind).toBe(fails ? "failed" : "finished");
  };

  it("passes unchanged and in order, in one piece and in single bytes", () => {
    check([bytes]);
    check(singleBytes(bytes));
  });

  it.runIf(CUT_AT_EVERY_BYTE.has(name))(
    "passes unchanged cut in two at every byte",
    () => {
      for (const pieces of everyCutInTwo(bytes)) check(pieces);
    },
    30_000,
  );
});

describe.each(["error-nested", "error-flat"] as const)("an answer that broke off, recorded as %s", (name) => {
  const codec = createResponsesPassCodec();
  const sent = run(codec, [toUtf8(toNamedEvents(recordedResponse(name), { newline: "\n", comments: false }).join(""))]);
  const [error, failed] = lastWords(codec);

  it("ends with an error in the shape that clients read, and with the response that failed", () => {
    const { body } = toStreamError(codec.progress.error ?? { message: "", type: "", param: null, code: null });
    expect(error).toEqual({ type: "error", sequence_number: 8, error: body });
    expect(failed).toMatchObject({
      type: "response.failed",
      sequence_number: 9,
      response: { id: "resp_0c9d7e41b6a2f385", object: "response", status: "failed" },
    });
    expect(failed?.response).toHaveProperty("error", { code: "provider_error", message: body.message });
  });

  it("does not tell what the provider said of its own troubles", () => {
    expect(JSON.stringify([sent, error, failed])).not.toContain("Sorry about that!");
  });

  it("is known with its usage, which is charged", () => {
    expect(codec.progress.usage).toEqual({ input: 12, cached: 0, cacheWrite: 0, output: 19, reasoning: 16 });
    expect(failed?.response).toMatchObject({ usage: { input_tokens: 12, output_tokens: 19 } });
  });
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

/** A codec that has been pushed those events, and what it sent. */
function pushed(...events: string[]) {
  const codec = createResponsesPassCodec();
  return { codec, sent: run(codec, [toUtf8(events.join(""))]) };
}

describe("an answer that fails", () => {
  it("without an error before it is told as one, with the usage", () => {
    const { codec, sent } = pushed(
      created,
      delta(1, "A we"),
      failedWith(2, { code: "server_error", message: "org-1" }),
    );
    expect(sent).toBe(created + delta(1, "A we"));
    const words = lastWords(codec);
    expect(words).toMatchObject([
      { type: "error", sequence_number: 2, error: { code: "provider_error", param: null, type: "server_error" } },
      { type: "response.failed", sequence_number: 3, response: { status: "failed", usage: USAGE } },
    ]);
    expect(JSON.stringify(words)).not.toContain("org-1");
  });

  it("because of the request says so in the provider's words", () => {
    const about = { code: "invalid_image_url", message: "The image could not be fetched." };
    for (const events of [
      [failedWith(1, about)],
      [toEvent({ type: "error", sequence_number: 1, ...about })],
      [toEvent({ type: "error", sequence_number: 1, error: about }), failedWith(2, about)],
    ]) {
      const words = lastWords(pushed(created, ...events).codec);
      expect(words).toMatchObject([
        { sequence_number: 1, error: { ...about, type: "invalid_request_error" } },
        { sequence_number: 2, response: { status: "failed", error: about } },
      ]);
    }
  });

  it("because the provider is busy says to come again", () => {
    const { codec } = pushed(created, failedWith(1, { code: "rate_limit_exceeded", message: "org-1" }));
    expect(lastWords(codec)).toMatchObject([{ error: { code: "provider_overloaded" } }, {}]);
  });

  it("in the middle, its connection broken, goes on with the numbers of what was passed", () => {
    const { codec, sent } = pushed(created, delta(1, "A"), delta(2, " we"), delta(3, "ir").slice(0, -1));
    expect(sent).toBe(created + delta(1, "A") + delta(2, " we"));
    expect(lastWords(codec, new Error("connection reset"))).toMatchObject([
      { type: "error", sequence_number: 3, error: { code: "provider_error" } },
      { type: "response.failed", sequence_number: 4, response: { id: "resp_1", status: "failed" } },
    ]);
  });
});

describe("an event that cannot be read", () => {
  it.each(["data: {\n\n", "data: [DONE]\n\n", 'event: response.completed\ndata: {"type":"response.completed"}\n\n'])(
    "breaks the answer off, and what came before it is sent: %j",
    (event) => {
      const codec = createResponsesPassCodec();
      expect(() => codec.push(toUtf8(created + delta(1, "A") + event + delta(2, "B")))).toThrow();
      expect(fromUtf8(codec.take())).toBe(created + delta(1, "A"));
      expect(lastWords(codec, new Error("unreadable"))).toMatchObject([{ sequence_number: 2 }, { sequence_number: 3 }]);
    },
  );

  it("that is the first has promised nothing", () => {
    const codec = createResponsesPassCodec();
    expect(() => codec.push(toUtf8("data: <html>\n\n"))).toThrow();
    expect(codec.progress.heard).toBe(false);
  });
});

describe("what comes after the end", () => {
  const completed = toEvent({ type: "response.completed", sequence_number: 2, response: responseOf() });

  it.each(["data: [DONE]\n\n", "data: <html>\n\n", delta(3, "And more"), ": bye\n\n"])(
    "is left out, and changes nothing: %j",
    (more) => {
      for (const events of [
        [created + delta(1, "A weir.") + completed + more],
        [created, delta(1, "A weir."), completed, more],
      ]) {
        const codec = createResponsesPassCodec();
        expect(run(codec, events.map(toUtf8))).toBe(created + delta(1, "A weir.") + completed);
        expect(endingOf(codec, undefined)).toEqual({ kind: "finished" });
        expect(codec.progress).toMatchObject({ outputBytes: 7, usage: { input: 12, output: 30 } });
      }
    },
  );
});

describe("what is passed", () => {
  it("is sent at once, and nothing is added at its end", () => {
    const codec = createResponsesPassCodec();
    codec.push(toUtf8(": hello\n\n"));
    expect([codec.pace, codec.progress.heard, fromUtf8(codec.take())]).toEqual(["at once", false, ": hello\n\n"]);
    codec.push(toUtf8(created));
    expect([codec.progress.heard, fromUtf8(codec.take())]).toEqual([true, created]);
    expect(codec.take().length).toBe(0);
    expect(codec.conclude({ left: {}, usd: 0 }).length).toBe(0);
  });
});

it("an answer that is blocked ends with the text that was passed on", () => {
  const codec = createResponsesPassCodec(true);
  const begun = recordedResponse("text").filter(({ type }) => type !== "response.completed");
  const texts = begun.flatMap(({ type, delta }) => (type === "response.output_text.delta" ? [String(delta)] : []));
  run(codec, [toUtf8(begun.map((event) => toEvent(event)).join(""))]);
  const [last, ...more] = eventsOf(fromUtf8(codec.block({ message: "No.", type: "", param: null, code: null })));
  expect(more).toEqual([]);
  expect(last).toMatchObject({
    type: "response.incomplete",
    response: {
      id: /"id":"(resp_[^"]+)"/.exec(JSON.stringify(begun))?.[1],
      status: "incomplete",
      incomplete_details: { reason: "content_filter" },
      output: [
        { type: "reasoning" },
        { type: "message", status: "incomplete", content: [{ type: "output_text", text: texts.join("") }] },
      ],
    },
  });
});
