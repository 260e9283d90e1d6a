// Reader of image requests, in JSON or as a form. It checks them as OpenAI does.
import type { Context } from "hono";
import {
  type JsonObject,
  readBody,
  readBoolean,
  readImageUrl,
  readInteger,
  readObjects,
  readString,
  refuseUnknown,
} from "../kernel/body.ts";
import { findModel, type Model } from "../kernel/catalog.ts";
import { type Env, now } from "../kernel/env.ts";
import { invalidRequest, invalidValue, missingParameter, ProviderError } from "../kernel/errors.ts";
import { readForm } from "../kernel/form.ts";
import { KERNEL_SCRIPT_RULES, type Script, type ScriptRules, splitScript } from "../kernel/script.ts";
import { type CountFile, fileCounter } from "../kernel/uploaded-files.ts";
import { inputTokens, qualitiesOf } from "./image-tokens.ts";
import { pngSize } from "./png.ts";

const PARAMETERS = [
  "background",
  "complexity",
  "model",
  "moderation",
  "n",
  "output_compression",
  "output_format",
  "partial_images",
  "prompt",
  "quality",
  "safety_identifier",
  "size",
  "stream",
  "user",
];
const EDIT_PARAMETERS = ["images", "input_fidelity", "mask"];
const FORM_NUMBERS = ["n", "output_compression", "partial_images"];
const FORMATS = ["png", "jpeg", "webp"];
const MAX_PROMPT_LENGTH = 32_000;
const MAX_IMAGES = 16;

export const IMAGE_SCRIPT_RULES: ScriptRules = {
  ...KERNEL_SCRIPT_RULES,
  image_bytes: { minimum: 0, maximum: 67_108_864 },
  moderation_blocked: "boolean",
};

export type ImageEndpoint = "image_generation" | "image_edit";

export interface ImageRequest {
  endpoint: ImageEndpoint;
  model: Model;
  script: Script;
  prompt: string;
  width: number;
  height: number;
  quality: string;
  format: string;
  background: string;
  /** The number of images. */
  count: number;
  stream: boolean;
  partialImages: number;
  /** Tokens of the input images of one request. */
  imageTokens: number;
}

/** Reads a request. Throws OpenAI's 400 for an invalid field. */
export async function readImageRequest(c: Context<Env>, endpoint: ImageEndpoint): Promise<ImageRequest> {
  const { body, imageTokens } = await readInput(c, endpoint);
  const model = findModel(readString(body, "model"), now(c.env));
  const named = model.snapshotId;
  if (!model.card.endpoints.includes(endpoint)) throw invalidValue("model", named, ["gpt-image-2"]);
  const { script, question: prompt } = splitScript(readString(body, "prompt"), IMAGE_SCRIPT_RULES, "prompt");
  if (prompt.length > MAX_PROMPT_LENGTH) {
    throw invalidRequest("Invalid 'prompt': string too long.", "prompt", "string_above_max_length");
  }
  if (script?.moderation_blocked) throw blocked();
  const oneOf = (name: string, values: string[], fallback: string) => {
    const value = body[name] ?? fallback;
    if (typeof value === "string" && values.includes(value)) return value;
    throw invalidValue(name, value, values);
  };
  const quality = oneOf("quality", [...qualitiesOf(named), "auto"], "auto");
  return {
    endpoint,
    model,
    script: script ?? {},
    prompt,
    ...readSize(body["size"] ?? "auto"),
    quality: quality === "auto" ? "high" : quality,
    format: oneOf("output_format", FORMATS, "png"),
    background: oneOf("background", ["transparent", "opaque", "auto"], "auto"),
    count: readInteger(body, "n", 10) ?? 1,
    stream: readBoolean(body, "stream", false),
    partialImages: readInteger(body, "partial_images", 3, 0) ?? 0,
    imageTokens,
  };
}

async function readInput(c: Context<Env>, endpoint: ImageEndpoint): Promise<{ body: JsonObject; imageTokens: number }> {
  const isEdit = endpoint === "image_edit";
  const known = new Set([...PARAMETERS, ...(isEdit ? EDIT_PARAMETERS : [])]);
  if (!isEdit || !c.req.header("content-type")?.startsWith("multipart/")) {
    const body = await readBody(c);
    refuseUnknown(body, known);
    return { body, imageTokens: isEdit ? referencedTokens(body, fileCounter(c)) : 0 };
  }
  const { fields, files } = await readForm(c);
  const images = [...(files.get("image") ?? []), ...(files.get("image[]") ?? [])];
  requireImages(images.length, "image");
  refuseUnknown(fields, known);
  const numbers = FORM_NUMBERS.filter((name) => name in fields).map((name) => [name, Number(fields[name])]);
  const stream = fields["stream"] === undefined ? {} : { stream: fields["stream"] === "true" };
  const sizes = await Promise.all(images.map(async (file) => pngSize(new Uint8Array(await file.arrayBuffer()))));
  return { body: { ...fields, ...Object.fromEntries(numbers), ...stream }, imageTokens: sum(sizes.map(inputTokens)) };
}

/** The tokens of images by URL or file. Those that the provider would have to fetch count as large. */
function referencedTokens(body: JsonObject, countFile: CountFile): number {
  const images = readObjects(body, "images");
  requireImages(images.length, "images");
  const tokens = images.map((image, index) => {
    const path = `images[${index}]`;
    if (image["image_url"] === undefined && image["file_id"] !== undefined) {
      // Throws for an unknown file.
      countFile(readString(image, "file_id", `${path}.file_id`), `${path}.file_id`);
      return inputTokens(undefined);
    }
    const url = readImageUrl(image, "image_url", `${path}.image_url`);
    return inputTokens(url.startsWith("data:") ? pngSize(bytesOf(url)) : undefined);
  });
  return sum(tokens);
}

const bytesOf = (dataUrl: string) =>
  Uint8Array.from(atob(dataUrl.slice(dataUrl.indexOf(",") + 1)), (byte) => byte.charCodeAt(0));

function requireImages(count: number, param: string): void {
  if (count === 0) throw missingParameter(param);
  if (count > MAX_IMAGES) throw invalidRequest(`Invalid '${param}': array too long.`, param, "array_above_max_length");
}

function readSize(size: unknown): { width: number; height: number } {
  if (size === "auto") return { width: 1024, height: 1024 };
  const [, width = 0, height = 0] = (/^(\d+)x(\d+)$/.exec(String(size)) ?? []).map(Number);
  const invalid = (why: string) => invalidRequest(`Invalid size '${String(size)}'. ${why}`, "size", "invalid_value");
  if (width === 0 || height === 0) throw invalid("Expected the form WIDTHxHEIGHT, or 'auto'.");
  if (width % 16 > 0 || height % 16 > 0) throw invalid("Width and height must both be divisible by 16.");
  if (Math.max(width, height) > 3840) throw invalid("The longest edge must be at most 3840 pixels.");
  if (Math.max(width, height) > 3 * Math.min(width, height)) throw invalid("The aspect ratio must be at most 3:1.");
  const pixels = width * height;
  if (pixels < 655_360 || pixels > 8_294_400) throw invalid("It must have 655360 to 8294400 pixels.");
  return { width, height };
}

function blocked(): ProviderError {
  const message =
    "Your request was rejected by the safety system. If you believe this is an error, contact us at " +
    "help.openai.com and include the request ID.";
  return new ProviderError(400, {
    message,
    type: "image_generation_user_error",
    param: null,
    code: "moderation_blocked",
  });
}

const sum = (numbers: number[]) => numbers.reduce((total, number) => total + number, 0);
