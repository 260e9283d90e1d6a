// The slim wire: text as JSON strings, whole tool calls, one `done` or `failed` at the end. Nothing else.

import type { Dialect, Piece, Progress } from "./answer.ts";
import { emptyProgress, note } from "./answer.ts";
import type { Codec } from "./codec.ts";
import { createEventReader } from "./events.ts";

/** A tool call as the caller gets it and sends it back; `arguments` is JSON text, as the model wrote it. */
export interface ToolCall {
  id: string;
  name: string;
  arguments: string;
}

const encoder = new TextEncoder();

/** Turns a provider's stream into slim events. All text between two takes travels in one event. */
export function createSlimCodec(dialect: Dialect): Codec {
  const read = createEventReader();
  const progress = emptyProgress();
  const tools = createToolCollector();
  let text = "";

  return {
    progress,
    coalesces: true,
    push(bytes) {
      for (const { data } of read(bytes)) {
        if (data === undefined) continue;
        progress.heard = true;
        for (const piece of dialect(data)) {
          note(progress, piece);
          if (piece.kind === "text") text += piece.text;
          if (piece.kind === "tool") tools.add(piece);
        }
      }
    },
    take() {
      let out = text === "" ? "" : `data:${JSON.stringify(text)}\n\n`;
      text = "";
      if (progress.finish) for (const tool of tools.take()) out += toEvent("tool", tool);
      return encoder.encode(out);
    },
    conclude: (left) => encoder.encode(toEvent("done", toSummary(progress, left))),
    fail: (error) => encoder.encode(toEvent("failed", { error })),
  };
}

/** What `done` says, and a slim answer that is not streamed says beside its text. */
export function toSummary(progress: Progress, left: Record<string, number>) {
  return { finish: progress.finish ?? "stop", usage: progress.usage, left };
}

/** Puts fragments of tool calls together. `take` gives each whole call once, in order. */
export function createToolCollector() {
  let calls: ToolCall[] = [];
  return {
    add(piece: Piece & { kind: "tool" }): void {
      const call = (calls[piece.index] ??= { id: "", name: "", arguments: "" });
      call.id ||= piece.id ?? "";
      call.name ||= piece.name ?? "";
      call.arguments += piece.arguments;
    },
    take(): ToolCall[] {
      const taken = calls.filter((call) => call !== undefined);
      calls = [];
      return taken;
    },
  };
}

const toEvent = (name: string, data: unknown) => `event:${name}\ndata:${JSON.stringify(data)}\n\n`;
