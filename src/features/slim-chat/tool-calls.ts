// Joins the fragments of tool calls, and gives an id to calls without one.

import type { Piece, Progress } from "../../core/relay/answer.ts";

/** A tool call, as the caller receives it and sends it back. `arguments` is the model's JSON text, not validated. */
export interface SlimToolCall {
  id: string;
  name: string;
  arguments: string;
}

type ToolPiece = Piece & { kind: "tool" };

/** Creates an id for a call to which the provider gave none. */
export const createCallId = () => `call_${crypto.randomUUID().replaceAll("-", "")}`;

/**
 * Joins the fragments of tool calls. `take` returns each call once, as soon as it is complete. An answer that was
 * truncated by its length or by a filter has no complete calls. Calls without an id of their own get one from
 * `createId`, so that a caller can send a result for each of them.
 */
export function createToolCollector(createId: () => string) {
  let calls: (SlimToolCall & { index: number })[] = [];
  return {
    add(piece: ToolPiece): void {
      const { index, id = "", name = "" } = piece;
      const same = calls.filter((call) => call.index === index);
      const call = same.find((other) => id !== "" && other.id === id) ?? same.at(-1);
      if (!call || startsNext(call, piece)) {
        calls.push({ index, id, name, arguments: piece.arguments });
        return;
      }
      call.id ||= id;
      call.name ||= name;
      call.arguments += piece.arguments;
    },
    take({ finish, ended, error }: Progress): SlimToolCall[] {
      const complete = !error && (finish === "tool_calls" || finish === "stop" || (finish === undefined && ended));
      if (!complete) return [];
      const ids = new Set<string>();
      const completed = calls
        .toSorted((one, other) => one.index - other.index)
        .map(({ id: given, name, arguments: text }): SlimToolCall => {
          const id = given === "" || ids.has(given) ? createId() : given;
          ids.add(id);
          return { id, name, arguments: text };
        });
      calls = [];
      return completed;
    },
  };
}

/**
 * Tests if a fragment starts another call with the same index. Some servers number all parallel calls 0, and others
 * give each fragment of a call a different id. Only the start of a call has a name.
 */
function startsNext(call: SlimToolCall, { id, name, arguments: text }: ToolPiece): boolean {
  if (!name || !call.name) return false;
  if (id && call.id) return id !== call.id;
  return name !== call.name || (text !== "" && isWholeJson(call.arguments));
}

function isWholeJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
