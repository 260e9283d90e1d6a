// The context of a Responses request: instructions, earlier turns and input. Counts its tokens.
import { isObject, type JsonObject, readObjects } from "../../kernel/body.ts";
import type { Model } from "../../kernel/catalog.ts";
import { missingParameter } from "../../kernel/errors.ts";
import { countPrompt, emptyPrompt } from "../../kernel/request/prompt.ts";
import type { ResponsesState } from "../../kernel/responses-hooks.ts";
import type { CountFile } from "../../kernel/uploaded-files.ts";
import { addItems, type InputItem, type InputRules, readInput, readItem } from "./input.ts";

// Each of these replaces the input, which may then be absent.
const REFERENCES = ["previous_response_id", "conversation", "prompt"];

export interface ResponsesContext {
  /** Instructions of the stored state, then those of the request. */
  instructions: string[];
  /** All items, the earlier ones first. */
  items: InputItem[];
  /** The items that the request itself brings. */
  input: InputItem[];
}

/** Reads the context of a body. Throws the error that OpenAI gives for its first fault. */
export function readContext(
  body: JsonObject,
  model: Model,
  state: ResponsesState,
  countFile: CountFile,
): ResponsesContext {
  const isPresent = (name: string) => (body[name] ?? undefined) !== undefined;
  if (![...REFERENCES, "input"].some(isPresent)) throw missingParameter("input");
  const acceptsImages = model.card.modalities.input.includes("image");
  const rules: InputRules = {
    acceptsImages,
    findItem: (id) => state.findItem(id),
    countFile: (id) => countFile(id, "input"),
  };
  const input = readInput(body, rules);
  const place = isPresent("conversation") ? "conversation" : "previous_response_id";
  const earlier = state.earlierItems.map((item, index) => readItem(item, `${place}[${index}]`, rules));
  const instructions = [...state.instructions, body["instructions"]].filter((text) => typeof text === "string");
  return { instructions, items: [...earlier, ...input], input };
}

/** The input tokens of a body with that context. */
export function countContext(body: JsonObject, { instructions, items }: ResponsesContext): number {
  const prompt = emptyPrompt();
  prompt.texts.push(...instructions);
  prompt.entries += instructions.length;
  addItems(prompt, items);
  prompt.tools = readObjects(body, "tools");
  prompt.format = isObject(body["text"]) ? body["text"]["format"] : undefined;
  return countPrompt(prompt);
}
