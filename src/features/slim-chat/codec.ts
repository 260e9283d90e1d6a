// The slim wire format: text, reasoning summaries, tool calls, and a final `done` or `failed`.

import type { Piece, Progress } from "../../core/relay/answer.ts";
import type { CreateEventCodec, Settled } from "../../core/relay/codec.ts";

/** A tool call, as the caller receives it and sends it back. `arguments` is the model's JSON text, not validated. */
export interface SlimToolCall {
  id: string;
  name: string;
  arguments: string;
}

const encoder = new TextEncoder();

/**
 * Converts the provider's events into slim events. All text between two calls of `take` is sent in one event.
 * `callerField` maps a field name in the provider's error to the slim name.
 */
export const slimEvents =
  (callerField: (param: string) => string | null): CreateEventCodec =>
  (progress) => {
    const tools = createToolCollector();
    let text = "";
    let thinking = "";
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
        let out = thinking === "" ? "" : toSlimEvent("thinking", thinking);
        if (text !== "") out += `data:${JSON.stringify(text)}\n\n`;
        thinking = "";
        text = "";
        for (const tool of tools.take(progress)) out += toSlimEvent("tool", tool);
        return encoder.encode(out);
      },
      conclude: (settled) => encoder.encode(toSlimEvent("done", toSummary(progress, settled))),
      fail: (error) =>
        encoder.encode(toSlimEvent("failed", { error: { ...error, param: error.param && callerField(error.param) } })),
      block: (error) => encoder.encode(toSlimEvent("failed", { error })),
    };
  };

/** Returns the fields of `done`, which an answer that is not streamed has beside its text. */
export function toSummary({ finish, usage }: Progress, { left, usd }: Settled) {
  const counted = usage && {
    input: usage.input,
    cached: usage.cached,
    output: usage.output,
    reasoning: usage.reasoning,
  };
  return { finish: finish ?? "stop", usage: { ...counted, usd }, left };
}

/**
 * Joins the fragments of tool calls. `take` returns each call once, as soon as it is complete. An answer that was
 * truncated by its length or by a filter has no complete calls.
 */
export function createToolCollector() {
  const calls = new Map<number, SlimToolCall>();
  return {
    add(piece: Piece & { kind: "tool" }): void {
      const call = calls.get(piece.index) ?? { id: "", name: "", arguments: "" };
      calls.set(piece.index, {
        id: call.id || (piece.id ?? ""),
        name: call.name || (piece.name ?? ""),
        arguments: call.arguments + piece.arguments,
      });
    },
    take({ finish, ended, error }: Progress): SlimToolCall[] {
      const complete = !error && (finish === "tool_calls" || finish === "stop" || (finish === undefined && ended));
      const completed = complete ? [...calls].toSorted(([one], [other]) => one - other).map(([, call]) => call) : [];
      if (complete) calls.clear();
      return completed;
    },
  };
}

/** Writes one slim event. */
export const toSlimEvent = (name: string, data: unknown) => `event:${name}\ndata:${JSON.stringify(data)}\n\n`;
