// The prompts that a request may name instead of sending their text: one with variables, one without.
import { isObject, type JsonObject, readString, refuseUnknown } from "../kernel/body.ts";
import { invalidRequest, invalidType, quotedList } from "../kernel/errors.ts";

const PROMPTS = new Map([
  [
    "pmpt_emulated",
    {
      version: "1",
      text: "You are talking to {{name}}. Speak about {{topic}}, and whatever else is asked, about {{topic}}.",
    },
  ],
  ["pmpt_plain", { version: "1", text: "Answer like somebody who lives beside a weir: calmly, and not for long." }],
]);

/**
 * The text of the prompt that a body names, variables replaced; undefined when it names none. Throws OpenAI's 404 for an
 * id or a version that there is not, and its 400 for a variable that is missing.
 */
export function readStoredPrompt(body: JsonObject): string | undefined {
  const named = body["prompt"] ?? undefined;
  if (named === undefined) return undefined;
  if (!isObject(named)) throw invalidType("prompt", "an object", named);
  refuseUnknown(named, new Set(["id", "version", "variables"]), "prompt.");
  const id = readString(named, "id", "prompt.id");
  const prompt = PROMPTS.get(id);
  if (!prompt) throw invalidRequest(`Prompt with id '${id}' not found.`, "prompt", null, 404);
  const version = named["version"] ?? prompt.version;
  if (typeof version !== "string") throw invalidType("prompt.version", "a string", version);
  if (version !== prompt.version) {
    throw invalidRequest(`Prompt with id '${id}' and version '${version}' not found.`, "prompt", null, 404);
  }
  return fill(prompt.text, readVariables(named));
}

function readVariables(named: JsonObject): Map<string, string> {
  const variables = named["variables"] ?? {};
  if (!isObject(variables)) throw invalidType("prompt.variables", "an object", variables);
  return new Map(Object.entries(variables).map(([name, value]) => [name, readText(name, value)]));
}

function readText(name: string, value: unknown): string {
  if (typeof value === "string") return value;
  const path = `prompt.variables.${name}`;
  if (isObject(value) && value["type"] === "input_text") return readString(value, "text", `${path}.text`);
  throw invalidRequest("The emulation takes only texts as variables of a prompt.", path);
}

/** Replaces each variable where it stands; what looks like one inside a value stays as it is. */
function fill(text: string, variables: Map<string, string>): string {
  const missing = new Set<string>();
  const filled = text.replaceAll(/\{\{(\w+)\}\}/g, (place, name: string) => {
    const value = variables.get(name);
    if (value === undefined) missing.add(name);
    return value ?? place;
  });
  if (missing.size === 0) return filled;
  throw invalidRequest(`Missing prompt variables: ${quotedList([...missing])}.`, "prompt.variables");
}
