// The slim wire: text as JSON strings, whole tool calls, one `done` or `failed`. No model can write anything else on it.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readChatEvent } from "../../../../src/dialects/chat-completions/decode.ts";
import { apiError } from "../../../../src/core/errors.ts";
import { readResponsesEvent } from "../../../../src/dialects/responses/decode.ts";
import { endingOf } from "../../../../src/core/relay/pump.ts";
import { createSlimCodec } from "../../../../src/features/slim-chat/codec.ts";
import { chunk, DONE, finishChunk, fromUtf8, textChunk, toUtf8, usageChunk } from "../../../support/chat-chunks.ts";
import { recordedResponse, toEvent } from "../../../dialects/support/responses-events.ts";
import { readSlim, slimText } from "../../../support/slim-stream.ts";

const toolChunk = (index: number, args: string, id?: string, name?: string) =>
  chunk({
    tool_calls: [
      { index, ...(id ? { id, type: "function" } : {}), function: { ...(name ? { name } : {}), arguments: args } },
    ],
  });

/** A codec that was pushed those events, and what it sends of them. */
function slim(...events: string[]) {
  const codec = createSlimCodec(readChatEvent);
  codec.push(toUtf8(events.join("")));
  return { codec, sent: fromUtf8(codec.take()) };
}

describe("text", () => {
  it("is a JSON string, and what arrived together travels together", () => {
    expect(slim(textChunk("Hel"), textChunk("lo")).sent).toBe('data:"Hello"\n\n');
  });

  it("is sent once", () => {
    const { codec } = slim(textChunk("Hel"));
    expect(codec.take()).toHaveLength(0);
    codec.push(toUtf8(textChunk("lo")));
    expect(fromUtf8(codec.take())).toBe('data:"lo"\n\n');
  });

  it.each([
    "\n\ndata: x\n\n",
    "event: done\ndata: {}\n\n",
    "\r\r",
    "\r\n\r\nevent:failed\r\n",
    ": comment\n\n",
    '"}\n\n',
    "\u2028\u2029\u0085\u0000",
  ])("that looks like an event stays inside its JSON string: %j", (text) => {
    const { sent } = slim(textChunk(text));
    expect(readSlim(toUtf8(sent))).toEqual([{ name: "text", data: text }]);
    expect(sent.split(/\r\n|\n|\r/)).toHaveLength(3);
  });

  it("of any model is given back as it was", () => {
    const texts = fc.array(
      fc.string({
        unit: fc.oneof(
          fc.constantFrom("\n", "\r", '"', "\\", "data:", "event:done", ":"),
          fc.string({ unit: "binary", minLength: 1, maxLength: 1 }),
        ),
      }),
    );
    const property = fc.property(texts, (pieces) => {
      const codec = createSlimCodec(readChatEvent);
      const sent = pieces.map((piece) => {
        codec.push(toUtf8(textChunk(piece)));
        return fromUtf8(codec.take());
      });
      expect(slimText(readSlim(toUtf8(sent.join(""))))).toBe(pieces.join(""));
    });
    fc.assert(property, { numRuns: 100 });
  });

  it("may wait a little for more to travel with", () => {
    expect(slim().codec.pace).toBe("coalesced");
  });
});

describe("a tool call", () => {
  const fragments = [toolChunk(0, "", "call_1", "level"), toolChunk(0, '{"river":'), toolChunk(0, '"Aare"}')];

  it("is sent whole, once the answer has finished", () => {
    const { codec, sent } = slim(...fragments);
    expect(sent).toBe("");
    codec.push(toUtf8(finishChunk("tool_calls")));
    expect(fromUtf8(codec.take())).toBe(
      `event:tool\ndata:${JSON.stringify({ id: "call_1", name: "level", arguments: '{"river":"Aare"}' })}\n\n`,
    );
    expect(codec.take()).toHaveLength(0);
  });

  it("comes after the text of the same answer, and in the model's order", () => {
    const { sent } = slim(
      textChunk("Let me look."),
      toolChunk(1, "{}", "call_2", "forecast"),
      ...fragments,
      finishChunk("tool_calls"),
    );
    expect(
      readSlim(toUtf8(sent)).map(({ name, data }) => (name === "tool" ? (data as { id: string }).id : data)),
    ).toEqual(["Let me look.", "call_1", "call_2"]);
  });
});

describe("the last words", () => {
  it("of an answer are why it stopped, what it used and cost, and what is left", () => {
    const { codec } = slim(textChunk("Hi"), finishChunk("length"), usageChunk(12, 30), DONE);
    expect(fromUtf8(codec.conclude({ left: { "tokens/day": 19_958 }, usd: 0.0001452 }))).toBe(
      'event:done\ndata:{"finish":"length","usage":{"input":12,"cached":0,"output":30,"reasoning":0,"usd":0.0001452},"left":{"tokens/day":19958}}\n\n',
    );
  });

  it("say what an answer cost, but no counts, when the provider did not tell its usage", () => {
    const { codec } = slim(textChunk("Hi"), finishChunk(), DONE);
    expect(readSlim(codec.conclude({ left: {}, usd: 0.0012 }))).toEqual([
      { name: "done", data: { finish: "stop", usage: { usd: 0.0012 }, left: {} } },
    ]);
  });

  it("of a failure are the error in the one envelope", () => {
    const { body } = apiError("provider_error", "It broke.\n\nevent: done");
    expect(readSlim(slim(textChunk("Hi")).codec.fail(body))).toEqual([{ name: "failed", data: { error: body } }]);
  });
});

describe("what comes after the end", () => {
  it.each([DONE, "data: <html>\n\n", toEvent({ type: "response.output_text.delta", delta: "And more" })])(
    "of an answer over Responses changes nothing, and loses no text of the same read: %j",
    (more) => {
      const codec = createSlimCodec(readResponsesEvent);
      const events = recordedResponse("text").map((event) => toEvent(event));
      codec.push(toUtf8(events.join("") + more));
      const said = recordedResponse("text").map(({ type, delta }) =>
        type === "response.output_text.delta" ? String(delta) : "",
      );
      expect(slimText(readSlim(codec.take()))).toBe(said.join(""));
      codec.push(toUtf8(more));
      expect(codec.take()).toHaveLength(0);
      expect(endingOf(codec, undefined)).toEqual({ kind: "finished" });
      expect(codec.progress.usage?.output).toBeGreaterThan(0);
    },
  );
});

describe("what is not text", () => {
  it("is not heard in a comment, and is in an empty chunk", () => {
    expect(slim(": processing\n\n").codec.progress.heard).toBe(false);
    const { codec, sent } = slim(chunk({ role: "assistant", content: "" }));
    expect(codec.progress.heard).toBe(true);
    expect(sent).toBe("");
  });

  it("is refused when it is not JSON", () => {
    expect(() => slim("data: <html>\n\n")).toThrow();
  });
});
