// The stored prompts that a request may name by id: one with variables, one without.
import { promptNotFound } from "../dialects/responses/stateless.ts";
import { isObject, type JsonObject, readString } from "../kernel/body.ts";
import { invalidRequest, invalidType, quotedList } from "../kernel/errors.ts";

const VERSION = "1";
const PROMPTS = new Map([
  ["pmpt_emulated", "You are talking to {{name}}. Speak about {{topic}}, and whatever else is asked, about {{topic}}."],
  ["pmpt_plain", "Answer like somebody who lives beside a weir: calmly, and not for long."],
]);

/**
 * Returns the text of the prompt that a body names, with its variables replaced. Returns undefined when it names none.
 * Throws OpenAI's 404 for an unknown id or version, and its 400 for a missing variable.
 */
export function readStoredPrompt(body: JsonObject): string | undefined {
  const reference = body["prompt"] ?? undefined;
  if (reference === undefined) return undefined;
  if (!isObject(reference)) throw invalidType("prompt", "an object", reference);
  const id = readString(reference, "id", "prompt.id");
  const text = PROMPTS.get(id);
  if (text === undefined || (reference["version"] ?? VERSION) !== VERSION) throw promptNotFound(id);
  return replaceVariables(text, isObject(reference["variables"]) ? reference["variables"] : {});
}

/** Replaces each `{{name}}` once. A value is not searched for further variables. */
function replaceVariables(text: string, variables: JsonObject): string {
  const missing = new Set<string>();
  const replaced = text.replaceAll(/\{\{(\w+)\}\}/g, (_, name: string) => {
    const value = variables[name];
    const valueText = isObject(value) ? value["text"] : value;
    if (typeof valueText === "string") return valueText;
    missing.add(name);
    return "";
  });
  if (missing.size === 0) return replaced;
  throw invalidRequest(`Missing prompt variables: ${quotedList([...missing])}.`, "prompt.variables");
}
