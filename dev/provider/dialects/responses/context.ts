// What a model is shown of a Responses request: instructions, earlier turns, and what the request adds to them. And how
// many tokens that is.
import { isObject, type JsonObject, readObjects, readString, refuseUnknown } from "../../kernel/body.ts";
import type { Model } from "../../kernel/catalog.ts";
import { type Conversation, findConversation } from "../../stored-responses/conversations-store.ts";
import { invalidRequest, invalidType, missingParameter } from "../../kernel/errors.ts";
import { countPrompt, emptyPrompt } from "../../kernel/request/prompt.ts";
import { addItems, type InputItem, type InputRules, readInput, readItem } from "./input.ts";
import { findItem, findPrevious } from "../../stored-responses/store.ts";
import { readStoredPrompt } from "../../stored-responses/stored-prompts.ts";

export interface Context {
  /** Those of the prompt that the request names, then its own. */
  instructions: string[];
  /** The conversation that the request goes on with. */
  conversation: Conversation | undefined;
  /** All turns, the earlier ones first. */
  items: InputItem[];
  /** Those of them that the request brings itself. */
  input: InputItem[];
}

/** Reads what a body shows to that model. Throws the error that OpenAI gives for what is wrong with it. */
export function readContext(body: JsonObject, model: Model): Context {
  const previousId = body["previous_response_id"] ?? undefined;
  const promptText = readStoredPrompt(body);
  const conversation = readConversation(body);
  const startsAlone = previousId === undefined && !conversation && promptText === undefined;
  if (startsAlone && (body["input"] ?? undefined) === undefined) throw missingParameter("input");
  const rules: InputRules = { acceptsImages: model.card.modalities.input.includes("image"), findItem };
  const input = readInput(body, rules);
  const earlier = conversation
    ? readStored(conversation.items, "conversation", rules)
    : typeof previousId === "string"
      ? readPrevious(previousId, rules)
      : [];
  const instructions = [promptText, body["instructions"]].filter((text) => typeof text === "string");
  return { instructions, conversation, items: [...earlier, ...input], input };
}

/** The input tokens of a body with that context. */
export function countContext(body: JsonObject, { instructions, items }: Context): number {
  const prompt = emptyPrompt();
  prompt.texts.push(...instructions);
  prompt.entries += instructions.length;
  addItems(prompt, items);
  prompt.tools = readObjects(body, "tools");
  prompt.format = isObject(body["text"]) ? body["text"]["format"] : undefined;
  return countPrompt(prompt);
}

function readConversation(body: JsonObject): Conversation | undefined {
  const named = body["conversation"] ?? undefined;
  if (named === undefined) return undefined;
  if ((body["previous_response_id"] ?? undefined) !== undefined) {
    const both = "'previous_response_id' and 'conversation'";
    const message = `Mutually exclusive parameters: ${both}. Ensure you are only providing one of them.`;
    throw invalidRequest(message, null, "mutually_exclusive_parameters");
  }
  if (typeof named === "string") return findConversation(named, "conversation");
  if (!isObject(named)) throw invalidType("conversation", "one of a string or an object", named);
  refuseUnknown(named, new Set(["id"]), "conversation.");
  return findConversation(readString(named, "id", "conversation.id"), "conversation");
}

function readPrevious(id: string, rules: InputRules): InputItem[] {
  const { items, output } = findPrevious(id);
  return [...items, ...readStored(output, "output", rules)];
}

function readStored(items: JsonObject[], path: string, rules: InputRules): InputItem[] {
  return items.map((item, index) => readItem(item, `${path}[${index}]`, rules));
}
