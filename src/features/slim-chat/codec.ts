// The slim wire format: text, reasoning summaries, tool calls, and a final `done` or `failed`.

import type { Progress } from "../../core/relay/answer.ts";
import type { CreateEventCodec, Settled } from "../../core/relay/codec.ts";
import { createToolCollector } from "./tool-calls.ts";

const encoder = new TextEncoder();

/**
 * Converts the provider's events into slim events. All text between two calls of `take` is sent in one event.
 * `callerField` maps a field name in the provider's error to the slim name. `createId` makes ids of tool calls.
 */
export const slimEvents =
  (callerField: (param: string) => string | null, createId: () => string): CreateEventCodec =>
  (progress) => {
    const tools = createToolCollector(createId);
    let text = "";
    let thinking = "";
    let hasTools = false;
    /** Takes the text that can be sent. Half of a surrogate pair waits for its other half, or for the end. */
    const takeText = (isEnd: boolean) => {
      const [thought, heldThought] = splitHalf(thinking, isEnd);
      const [said, heldText] = splitHalf(text, isEnd);
      thinking = heldThought;
      text = heldText;
      const thoughtEvent = thought === "" ? "" : toSlimEvent("thinking", thought);
      return said === "" ? thoughtEvent : `${thoughtEvent}data:${toSlimJson(said)}\n\n`;
    };
    const close = (name: string, data: unknown) => encoder.encode(takeText(true) + toSlimEvent(name, data));
    return {
      pace: "coalesced",
      push({ pieces }) {
        for (const piece of pieces) {
          if (piece.kind === "text") text += piece.text;
          if (piece.kind === "thinking") thinking += piece.text;
          if (piece.kind === "tool") tools.add(piece);
        }
      },
      take() {
        let out = takeText(false);
        for (const tool of tools.take(progress)) {
          out += toSlimEvent("tool", tool);
          hasTools = true;
        }
        return encoder.encode(out);
      },
      conclude: (settled) => close("done", toSummary(progress, settled, hasTools)),
      cancel: (settled) => close("done", { ...toSummary(progress, settled), finish: "cancelled" }),
      fail: (error) => close("failed", { error: { ...error, param: error.param && callerField(error.param) } }),
      block: (error) => close("failed", { error }),
    };
  };

/** Splits a high surrogate from the end of a text. Its other half is in the provider's next event. */
function splitHalf(text: string, isEnd: boolean): [ready: string, half: string] {
  return !isEnd && /[\ud800-\udbff]$/.test(text) ? [text.slice(0, -1), text.slice(-1)] : [text, ""];
}

/**
 * Returns the fields of `done`, which an answer that is not streamed has beside its text. An answer with tool calls
 * finishes with `tool_calls`, although some providers send `stop`.
 */
export function toSummary({ finish = "stop", usage }: Progress, { left, usd }: Settled, hasTools = false) {
  const counted = usage && {
    input: usage.input,
    cached: usage.cached,
    output: usage.output,
    reasoning: usage.reasoning,
  };
  return { finish: hasTools && finish === "stop" ? "tool_calls" : finish, usage: { ...counted, usd }, left };
}

/** Writes one slim event. */
export const toSlimEvent = (name: string, data: unknown) => `event:${name}\ndata:${toSlimJson(data)}\n\n`;

/** Characters that some readers, such as Swift's `lines`, take for line ends. JSON allows to escape them. */
const LINE_ENDS = /[\u0085\u2028\u2029]/g;

/** Writes JSON on a single line for every reader. */
export function toSlimJson(data: unknown): string {
  return JSON.stringify(data).replace(LINE_ENDS, (end) => `\\u${end.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
