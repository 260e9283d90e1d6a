// The slim wire format: text as JSON strings, reasoning summaries, whole tool calls, and one `done` or `failed` at the end.

import type { Piece, Progress } from "../../core/relay/answer.ts";
import type { CreateEventCodec, Settled } from "../../core/relay/codec.ts";

/** A tool call as the caller gets it and sends it back; `arguments` is JSON text, as the model wrote it. */
export interface SlimToolCall {
  id: string;
  name: string;
  arguments: string;
}

const encoder = new TextEncoder();

/**
 * Turns a provider's events into slim events. All text between two takes travels in one event. `callerField`: maps the
 * provider's name for a field in an error to the caller's.
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

/** The facts on `done`, and beside the text of a slim answer that is not streamed. */
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
 * Joins the fragments of tool calls. `take` gives each call once, as soon as it is complete. An answer that was cut short
 * by its length or by a filter has no complete calls.
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
      const taken = complete ? [...calls].toSorted(([one], [other]) => one - other).map(([, call]) => call) : [];
      if (complete) calls.clear();
      return taken;
    },
  };
}

/** Writes one slim event. */
export const toSlimEvent = (name: string, data: unknown) => `event:${name}\ndata:${JSON.stringify(data)}\n\n`;
