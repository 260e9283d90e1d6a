// The slim wire: text as JSON strings, what a model thought for who asks for it, whole tool calls, one `done` or `failed` at
// the end. Nothing else.

import type { Dialect, Piece, Progress } from "../../core/relay/answer.ts";
import { emptyProgress } from "../../core/relay/answer.ts";
import type { Codec, Settled } from "../../core/relay/codec.ts";
import { createPieceReader } from "../../core/relay/pieces.ts";

/** A tool call as the caller gets it and sends it back; `arguments` is JSON text, as the model wrote it. */
export interface ToolCall {
  id: string;
  name: string;
  arguments: string;
}

const encoder = new TextEncoder();

/**
 * Turns a provider's stream into slim events. All text between two takes travels in one event. `fieldOf`: what the caller
 * calls a field that an error names.
 */
export function createSlimCodec(dialect: Dialect, fieldOf: (param: string) => string | null = (param) => param): Codec {
  const progress = emptyProgress();
  const read = createPieceReader(dialect, progress);
  const tools = createToolCollector();
  let text = "";
  let thinking = "";

  return {
    progress,
    pace: "coalesced",
    push(bytes) {
      for (const piece of read(bytes)) {
        if (piece.kind === "text") text += piece.text;
        if (piece.kind === "thinking") thinking += piece.text;
        if (piece.kind === "tool") tools.add(piece);
      }
    },
    take() {
      let out = thinking === "" ? "" : toEvent("thinking", thinking);
      if (text !== "") out += `data:${JSON.stringify(text)}\n\n`;
      thinking = "";
      text = "";
      for (const tool of tools.take(progress)) out += toEvent("tool", tool);
      return encoder.encode(out);
    },
    finish: () => undefined,
    conclude: (settled) => encoder.encode(toEvent("done", toSummary(progress, settled))),
    fail: (error) =>
      encoder.encode(toEvent("failed", { error: { ...error, param: error.param && fieldOf(error.param) } })),
    block: (error) => encoder.encode(toEvent("failed", { error })),
  };
}

/** What `done` says, and a slim answer that is not streamed says beside its text. */
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
 * Puts fragments of tool calls together. `take` gives the calls, each once, as soon as they are known to be whole: an
 * answer that was cut short by its length or a filter has none.
 */
export function createToolCollector() {
  const calls = new Map<number, ToolCall>();
  return {
    add(piece: Piece & { kind: "tool" }): void {
      const call = calls.get(piece.index) ?? { id: "", name: "", arguments: "" };
      calls.set(piece.index, {
        id: call.id || (piece.id ?? ""),
        name: call.name || (piece.name ?? ""),
        arguments: call.arguments + piece.arguments,
      });
    },
    take({ finish, ended, error }: Progress): ToolCall[] {
      const whole = !error && (finish === "tool_calls" || finish === "stop" || (finish === undefined && ended));
      const taken = whole ? [...calls].toSorted(([one], [other]) => one - other).map(([, call]) => call) : [];
      if (whole) calls.clear();
      return taken;
    },
  };
}

/** One slim event. */
export const toEvent = (name: string, data: unknown) => `event:${name}\ndata:${JSON.stringify(data)}\n\n`;
