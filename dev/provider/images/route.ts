// The routes of images. A script in the first line of the prompt applies; a piece of an image counts as a token.
import { type Context, Hono } from "hono";
import { callerLeft, openAnswer, sendStream } from "../kernel/delivery/delivery.ts";
import { createPacedStream } from "../kernel/delivery/paced-stream.ts";
import type { Env } from "../kernel/env.ts";
import { now } from "../kernel/env.ts";
import { countTokens } from "../kernel/generation/tokens.ts";
import { outputTokens } from "./image-tokens.ts";
import { drawPng } from "./png.ts";
import { type ImageEndpoint, type ImageRequest, readImageRequest } from "./request.ts";
import { type ImageAnswer, toEventFrames, toWholeFrames } from "./wire.ts";

const PARTIAL_IMAGE_TOKENS = 100;

export const imagesRoutes = new Hono<Env>()
  .post("/generations", (c) => answer(c, "image_generation"))
  .post("/edits", (c) => answer(c, "image_edit"));

async function answer(c: Context<Env>, endpoint: ImageEndpoint): Promise<Response> {
  const request = await readImageRequest(c, endpoint);
  const { model, prompt, width, height } = request;
  const script = c.var.exchange.withFaults(request.script);
  const usage = usageOf(request);
  // An image is generated whole, also when nobody waits for it. Its tokens grow during `first_ms`.
  const work = { reasoning: usage.output_tokens, tokens: 0, isWhole: true };
  const billed = { ...script, goes_on: true };
  if (!(await openAnswer(c, { model, promptTokens: usage.input_tokens }, billed, work))) return callerLeft();
  const image: ImageAnswer = {
    ...request,
    png: await drawPng(prompt, width, height),
    created: Math.floor(now(c.env).getTime() / 1000),
    imageBytes: script.image_bytes ?? 0,
    usage: script.no_usage ? undefined : usage,
  };
  if (request.stream) return sendStream(c, toEventFrames(image), script);
  c.header("content-type", "application/json");
  return c.body(createPacedStream(toWholeFrames(image), script, c.var.exchange));
}

/** Each image is billed like a request of its own. */
function usageOf({ model, prompt, count, imageTokens, quality, width, height, partialImages }: ImageRequest) {
  const textTokens = count * countTokens(prompt);
  const input = textTokens + count * imageTokens;
  const each = outputTokens(model.snapshotId, quality, width, height) + partialImages * PARTIAL_IMAGE_TOKENS;
  return {
    total_tokens: input + count * each,
    input_tokens: input,
    output_tokens: count * each,
    input_tokens_details: { text_tokens: textTokens, image_tokens: count * imageTokens },
    output_tokens_details: { image_tokens: count * each, text_tokens: 0 },
  };
}
