// The `openai` package and the AI SDK as they are, over /v1/images; and an answer of 20 MB.

import { createOpenAI } from "@ai-sdk/openai";
import { generateImage } from "ai";
import { toFile } from "openai";
import { afterEach, beforeEach, expect, it } from "vitest";
import { emulate } from "../../../support/emulation.ts";
import { createClient, rejection } from "../../../support/openai-client.ts";
import { useWeir } from "../../../support/weir.ts";
import { pngOf } from "../support/pictures.ts";

const MODEL = "gpt-image-2";
const draw = { model: MODEL, prompt: "a river", quality: "low" } as const;
/** Tokens of a low image of 1024x1024. */
const IMAGE = 196;

const weir = await useWeir();
afterEach(weir.report);
beforeEach(weir.emulation.zero);

const fileOf = (name: string) => toFile(pngOf(1024, 1024, 50_000), name, { type: "image/png" });

/** Width and height in the header of a PNG in base64. */
function sizeOf(base64 = ""): number[] {
  const bytes = Buffer.from(base64, "base64");
  expect(bytes.subarray(0, 4)).toEqual(Buffer.from("\x89PNG", "latin1"));
  return [bytes.readUInt32BE(16), bytes.readUInt32BE(20)];
}

it("the openai client generates images", async () => {
  const { client, user } = await createClient(weir);
  const { data, usage } = await client.images.generate({ ...draw, n: 2, size: "1536x1024" });
  expect(data?.map(({ b64_json }) => sizeOf(b64_json))).toEqual([
    [1536, 1024],
    [1536, 1024],
  ]);
  expect(await user.settled()).toEqual({ tokens: usage?.total_tokens, requests: 1, reserved: 0 });
});

it("the openai client reads a stream of images, and its error", async () => {
  const { client, user } = await createClient(weir);
  const stream = await client.images.generate({ ...draw, stream: true, partial_images: 2 });
  const types: string[] = [];
  for await (const event of stream) {
    types.push(event.type);
    expect(sizeOf(event.b64_json)).toEqual([1024, 1024]);
  }
  expect(types).toEqual([
    "image_generation.partial_image",
    "image_generation.partial_image",
    "image_generation.completed",
  ]);
  expect((await user.settled()).tokens).toBeGreaterThan(IMAGE + 200);

  const script = emulate({ error_after: 1 });
  const failing = await client.images.generate({ ...draw, prompt: script, stream: true, partial_images: 1 });
  const read = (async () => {
    for await (const event of failing) expect(event.type).toBe("image_generation.partial_image");
  })();
  expect(await rejection(read)).toMatchObject({ code: "provider_error", type: "server_error" });
});

it("the openai client edits one file, and streams an edit of two", async () => {
  const { client, user } = await createClient(weir);
  const one = await client.images.edit({ ...draw, image: await fileOf("a.png"), mask: await fileOf("mask.png") });
  expect(one.usage).toMatchObject({ input_tokens_details: { image_tokens: 1024 }, output_tokens: IMAGE });
  const { last } = await weir.emulation.stats();
  expect(last?.headers["content-length"]).toMatch(/^10\d{4}$/);
  expect(last?.body).toMatchObject({
    size: "1024x1024",
    image: [{ name: "a.png", type: "image/png", size: 50_000 }],
    mask: [{ name: "mask.png", type: "image/png", size: 50_000 }],
  });
  const image = [await fileOf("a.png"), await fileOf("b.png")];
  const stream = await client.images.edit({ ...draw, image, stream: true, partial_images: 1 });
  const events = [];
  for await (const event of stream) events.push(event);
  expect(events.map(({ type }) => type)).toEqual(["image_edit.partial_image", "image_edit.completed"]);
  expect(events.at(-1)).toMatchObject({ usage: { input_tokens_details: { image_tokens: 2048 } } });
  expect(await user.settled()).toMatchObject({ requests: 2, reserved: 0 });
});

it("the AI SDK generates images, and edits them", async () => {
  const user = await weir.createUser();
  const model = createOpenAI({ baseURL: `${weir.url}/v1`, apiKey: user.token }).image(MODEL);
  const providerOptions = { openai: { quality: "low" } };
  const { image, usage } = await generateImage({ model, prompt: "a river", size: "1024x1024", providerOptions });
  expect(sizeOf(image.base64)).toEqual([1024, 1024]);
  expect(await user.settled()).toEqual({ tokens: usage.totalTokens, requests: 1, reserved: 0 });
  const edit = { text: "add a boat", images: [pngOf(1024, 1024), pngOf(512, 512)] };
  const edited = await generateImage({ model, prompt: edit, n: 2, providerOptions });
  expect(edited.images).toHaveLength(2);
  expect(edited.usage.inputTokens).toBeGreaterThan(2 * 2048);
});

it.each([
  ["an object", {}],
  ["a stream", { stream: true }],
])("an answer of 20 MB in %s passes through, and is charged by the usage at its end", async (_, fields) => {
  const user = await weir.createUser();
  const prompt = 'emulate {"image_bytes":20000000}\na river';
  const response = await user.post("/v1/images/generations", { ...draw, ...fields, prompt });
  let bytes = 0;
  for await (const chunk of response.body ?? []) bytes += chunk.length;
  expect(bytes).toBeGreaterThan(26_000_000);
  const { tokens, requests } = await user.settled();
  expect(requests).toBe(1);
  expect(tokens).toBeGreaterThan(IMAGE);
  // Less than the bound, which counts the bytes of the prompt.
  expect(tokens).toBeLessThan(IMAGE + 16);
});
