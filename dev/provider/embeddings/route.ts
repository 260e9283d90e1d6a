// The route POST /v1/embeddings.
// A script in the first input applies; a vector counts as a token.
import { Hono } from "hono";
import { type JsonObject, readBody, readInteger, readString, refuseUnknown } from "../kernel/body.ts";
import { findModel, type Model } from "../kernel/catalog.ts";
import { callerLeft, openAnswer } from "../kernel/delivery/delivery.ts";
import { createPacedStream, type Frames } from "../kernel/delivery/paced-stream.ts";
import { type Env, now } from "../kernel/env.ts";
import { emptyArray, invalidRequest, invalidType, invalidValue } from "../kernel/errors.ts";
import { countTokens } from "../kernel/generation/tokens.ts";
import { KERNEL_SCRIPT_RULES, type Script, splitScript } from "../kernel/script.ts";
import { vectorFor, writeVector } from "./vectors.ts";

const PARAMETERS = new Set(["dimensions", "encoding_format", "input", "model", "user"]);
const MAX_INPUTS = 2048;
const MAX_INPUT_TOKENS = 8192;
const MAX_REQUEST_TOKENS = 300_000;
/** Dimensions of a vector, by the model. They are also the most that a request can ask for. */
const DIMENSIONS: Record<string, number> = { "text-embedding-3-large": 3072 };
const USUAL_DIMENSIONS = 1536;

interface Input {
  text: string;
  tokens: number;
}

export const embeddingsRoutes = new Hono<Env>().post("/", async (c) => {
  const body = await readBody(c);
  refuseUnknown(body, PARAMETERS);
  const model = findModel(readString(body, "model"), now(c.env));
  if (!model.card.endpoints.includes("embeddings")) {
    throw invalidRequest(`You are not allowed to generate embeddings from this model.`, null, null, 403);
  }
  const format = body["encoding_format"] ?? "float";
  if (format !== "float" && format !== "base64") throw invalidValue("encoding_format", format, ["float", "base64"]);
  const mostDimensions = DIMENSIONS[model.snapshotId] ?? USUAL_DIMENSIONS;
  const dimensions = readInteger(body, "dimensions", mostDimensions) ?? mostDimensions;
  const { script: scripted, inputs } = readInputs(body);
  const script = c.var.exchange.withFaults(scripted);
  const promptTokens = inputs.reduce((sum, input) => sum + input.tokens, 0);
  if (promptTokens > MAX_REQUEST_TOKENS) {
    const message = `Requested ${promptTokens} tokens, max ${MAX_REQUEST_TOKENS} tokens per request`;
    throw invalidRequest(message, null, "max_tokens_per_request");
  }
  // An embedding has input tokens only.
  const work = { reasoning: 0, tokens: 0, isWhole: true };
  if (!(await openAnswer(c, { model, promptTokens }, script, work))) return callerLeft();
  c.header("content-type", "application/json");
  const usage = script.no_usage ? undefined : { prompt_tokens: promptTokens, total_tokens: promptTokens };
  const write = (text: string) => writeVector(vectorFor(text, dimensions), format);
  return c.body(createPacedStream(toFrames(model, inputs, write, usage), script, c.var.exchange));
});

/** The inputs of a body, without the script of the first one. Throws the 400 that OpenAI gives for what is wrong. */
function readInputs(body: JsonObject): { script: Script; inputs: Input[] } {
  const { input } = body;
  const entries: unknown[] = Array.isArray(input) && typeof input[0] !== "number" ? input : [input];
  if (entries.length === 0) throw emptyArray("input");
  if (entries.length > MAX_INPUTS) throw invalidRequest("Invalid 'input': array too long.", "input");
  const [first] = entries;
  const scripted = typeof first === "string" ? splitScript(first, KERNEL_SCRIPT_RULES, "input") : undefined;
  const inputs = (scripted?.script ? [scripted.question || "river", ...entries.slice(1)] : entries).map(readInput);
  return { script: scripted?.script ?? {}, inputs };
}

function readInput(entry: unknown): Input {
  const input = measure(entry);
  if (!input || input.tokens === 0) throw invalidType("input", "a string, or an array of strings or tokens", entry);
  const { tokens } = input;
  if (tokens <= MAX_INPUT_TOKENS) return input;
  const message = `This model's maximum context length is ${MAX_INPUT_TOKENS} tokens, however you requested ${tokens} tokens.`;
  throw invalidRequest(message, "input", "context_length_exceeded");
}

function measure(entry: unknown): Input | undefined {
  if (typeof entry === "string") return { text: entry, tokens: countTokens(entry) };
  const isTokens = Array.isArray(entry) && entry.every((token) => Number.isInteger(token));
  return isTokens ? { text: entry.join(" "), tokens: entry.length } : undefined;
}

/** The answer as JSON in pieces: one for each vector, so that a large one is never held whole. */
function toFrames(
  { name }: Model,
  inputs: Input[],
  write: (text: string) => string,
  usage: JsonObject | undefined,
): Frames {
  const ending = JSON.stringify({ model: name, usage }).slice(1);
  return {
    head: ['{"object":"list","data":['],
    tokenCount: inputs.length,
    token(index) {
      const comma = index === 0 ? "" : ",";
      return `${comma}{"object":"embedding","index":${index},"embedding":${write(inputs[index]?.text ?? "")}}`;
    },
    tail: [`],${ending}`],
    failure: () => "",
  };
}
