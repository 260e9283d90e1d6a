// The output items of a response, as they start and end in a stream.
import type { JsonObject } from "../../kernel/body.ts";
import { createId } from "../../kernel/ids.ts";
import type { HostedCall } from "../../kernel/responses-hooks.ts";
import type { GeneratedAnswer } from "./answer.ts";

export interface OutputItem {
  id: string;
  opened: JsonObject;
  closed: JsonObject;
}

export interface OutputItems {
  reasoning: OutputItem | undefined;
  hosted: HostedCall[];
  /** The message or the tool call. Undefined when reasoning used the whole output limit. */
  reply: OutputItem | undefined;
}

/** Creates the items of an answer. */
export function toItems(answer: GeneratedAnswer, encryptsReasoning: boolean): OutputItems {
  return {
    reasoning: answer.reasoning > 0 ? reasoningItem(answer, encryptsReasoning) : undefined,
    hosted: answer.hostedCalls,
    reply: answer.cut && answer.pieces.length === 0 ? undefined : replyItem(answer),
  };
}

/** The `output` of a finished response. */
export function toOutput({ reasoning, hosted, reply }: OutputItems): JsonObject[] {
  return [reasoning, ...hosted, reply].flatMap((item) => (item ? [item.closed] : []));
}

/** The content part of a message. */
export function contentPart(kind: GeneratedAnswer["kind"], text: string): JsonObject {
  return kind === "refusal"
    ? { type: kind, refusal: text }
    : { type: "output_text", annotations: [], logprobs: [], text };
}

function reasoningItem({ summary }: GeneratedAnswer, encrypts: boolean): OutputItem {
  const id = createId("rs_", 32);
  const common = { id, type: "reasoning", ...(encrypts && { encrypted_content: createId("gAAAAAB", 32) }) };
  const text = summary.join("");
  return {
    id,
    opened: { ...common, summary: [] },
    closed: { ...common, summary: text === "" ? [] : [{ type: "summary_text", text }] },
  };
}

function replyItem(answer: GeneratedAnswer): OutputItem {
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
