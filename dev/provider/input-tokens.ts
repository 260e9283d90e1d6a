// POST /v1/responses/input_tokens: counts what a prompt would cost, without answering it. The count is that of Chat
// Completions for the same prompt.
import { Hono } from "hono";
import { isObject, type JsonObject, readBody, readObjects, readString, refuseUnknown } from "./body.ts";
import { findModel } from "./catalog.ts";
import { type Env, now } from "./env.ts";
import { invalidRequest, invalidType } from "./errors.ts";
import { countPrompt, emptyPrompt, type Prompt } from "./prompt.ts";

const KNOWN = new Set([
  "conversation",
  "input",
  "instructions",
  "model",
  "parallel_tool_calls",
  "personality",
  "previous_response_id",
  "reasoning",
  "text",
  "tool_choice",
  "tools",
  "truncation",
]);

export const inputTokens = new Hono<Env>().post("/", async (c) => {
  const body = await readBody(c);
  refuseUnknown(body, KNOWN);
  const model = findModel(readString(body, "model"), now(c.env));
  if (!model.card.endpoints.includes("responses")) {
    throw invalidRequest(`The model \`${model.name}\` is not supported with the Responses API.`, "model");
  }
  return c.json({ object: "response.input_tokens", input_tokens: countPrompt(readPrompt(body)) });
});

function readPrompt(body: JsonObject): Prompt {
  const prompt = emptyPrompt();
  const { input, instructions } = body;
  if (typeof instructions === "string") addText(prompt, instructions);
  if (typeof input === "string") addText(prompt, input);
  else for (const item of readObjects(body, "input")) addItem(prompt, item);
  prompt.tools = readObjects(body, "tools");
  prompt.format = isObject(body["text"]) ? body["text"]["format"] : undefined;
  return prompt;
}

function addText(prompt: Prompt, text: string): void {
  prompt.texts.push(text);
  prompt.entries++;
}

function addItem(prompt: Prompt, item: JsonObject): void {
  const { type, content } = item;
  if (type === "function_call") {
    prompt.texts.push(String(item["name"]), String(item["arguments"]));
    prompt.entries++;
  } else if (type === "function_call_output") {
    addText(prompt, typeof item["output"] === "string" ? item["output"] : JSON.stringify(item["output"]));
  } else if (typeof content === "string") {
    addText(prompt, content);
  } else if (Array.isArray(content)) {
    addParts(prompt, readObjects(item, "content"));
  } else {
    throw invalidType("input", "a list of messages, function calls and their outputs", item);
  }
}

function addParts(prompt: Prompt, parts: JsonObject[]): void {
  const texts = parts.map((part) => part["text"]).filter((text) => typeof text === "string");
  prompt.images += parts.filter((part) => part["type"] === "input_image" || part["type"] === "input_file").length;
  addText(prompt, texts.join("\n"));
}
