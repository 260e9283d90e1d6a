// The output items of a response: each as it is when it opens in a stream, and as it is in the end.
import type { JsonObject } from "../../kernel/body.ts";
import { createId } from "../../kernel/ids.ts";
import type { ResponseAnswer } from "./answer.ts";

export interface OutputItem {
  id: string;
  opened: JsonObject;
  closed: JsonObject;
}

export interface OutputItems {
  reasoning: OutputItem | undefined;
  searches: OutputItem[];
  /** The message or the tool call; undefined when reasoning has used the whole output limit. */
  reply: OutputItem | undefined;
}

/** The items of an answer, in the order of the output. */
export function toItems(answer: ResponseAnswer, encryptsReasoning: boolean): OutputItems {
  return {
    reasoning: answer.reasoning > 0 ? reasoningItem(answer, encryptsReasoning) : undefined,
    searches: answer.searches.map(searchItem),
    reply: answer.cut && answer.pieces.length === 0 ? undefined : replyItem(answer),
  };
}

/** The output of a finished response. */
export function toOutput({ reasoning, searches, reply }: OutputItems): JsonObject[] {
  return [reasoning, ...searches, reply].flatMap((item) => (item ? [item.closed] : []));
}

/** The one part of a message's content. */
export function contentPart(kind: ResponseAnswer["kind"], text: string): JsonObject {
  return kind === "refusal"
    ? { type: kind, refusal: text }
    : { type: "output_text", annotations: [], logprobs: [], text };
}

function reasoningItem({ summary }: ResponseAnswer, encrypts: boolean): OutputItem {
  const id = createId("rs_", 32);
  const common = { id, type: "reasoning", ...(encrypts && { encrypted_content: createId("gAAAAAB", 32) }) };
  const text = summary.join("");
  return {
    id,
    opened: { ...common, summary: [] },
    closed: { ...common, summary: text === "" ? [] : [{ type: "summary_text", text }] },
  };
}

function searchItem(query: string): OutputItem {
  const id = createId("ws_", 32);
  const item = (status: string, more: JsonObject) => ({ id, type: "web_search_call", status, ...more });
  return { id, opened: item("in_progress", {}), closed: item("completed", { action: { type: "search", query } }) };
}

function replyItem(answer: ResponseAnswer): OutputItem {
  const { kind, call, pieces } = answer;
  const status = answer.cut ? "incomplete" : "completed";
  const text = pieces.join("");
  if (!call) {
    const id = createId("msg_", 32);
    const item = (state: string, content: JsonObject[]) => ({
      id,
      type: "message",
      status: state,
      content,
      role: "assistant",
    });
    return { id, opened: item("in_progress", []), closed: item(status, [contentPart(kind, text)]) };
  }
  const [prefix, payload] = kind === "function_call" ? ["fc_", "arguments"] : ["ctc_", "input"];
  const id = createId(prefix, 32);
  const item = (state: string, written: string) => ({
    id,
    type: kind,
    status: state,
    [payload]: written,
    call_id: call.id,
    name: call.name,
  });
  return { id, opened: item("in_progress", ""), closed: item(status, text) };
}
