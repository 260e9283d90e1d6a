// POST /v1/images/generations and /v1/images/edits in workerd: defaults, gates, forms, and quotas of parallel requests.

import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { dollarsOf, errorOf, NOTHING } from "../../../support/caller.ts";
import { createDollarCatalog, toAlias } from "../../../support/catalog.ts";
import { emulate } from "../../../support/emulation.ts";
import { createUserOf, emulated, failingProvider, status } from "../../../support/providers.ts";
import { createUser, emulation, useCatalog } from "../../../support/workerd.ts";
import { pngFile, pngUrl } from "../support/pictures.ts";

const GENERATIONS = "/v1/images/generations";
const EDITS = "/v1/images/edits";
const MODEL = "gpt-image-2";
const draw = (fields: object = {}) => ({ model: MODEL, prompt: "a river", ...fields });

interface Images {
  data: { b64_json: string }[];
  usage: { input_tokens: number; output_tokens: number; input_tokens_details: { image_tokens: number } };
}

function formOf(fields: Record<string, string>, files: [string, File][]): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries({ model: MODEL, prompt: "add a boat", ...fields }))
    form.append(name, value);
  for (const [name, file] of files) form.append(name, file);
  return form;
}

beforeAll(async () => void (await useCatalog(createDollarCatalog())));
beforeEach(emulation.zero);

describe("a request", () => {
  it.each([
    [{}, "1024x1024", "medium"],
    [{ size: "auto", quality: "auto" }, "1024x1024", "medium"],
    [{ size: null, quality: null }, "1024x1024", "medium"],
    [{ size: "1536x1024" }, "1536x1024", "medium"],
    [{ quality: "low", response_format: "b64_json" }, "1024x1024", "low"],
  ])("with %j is sent with its size and quality, which headers tell", async (fields, size, quality) => {
    const user = await createUser();
    const response = await user.post(GENERATIONS, draw(fields));
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe("application/json");
    expect(response.headers.get("weir-image-size")).toBe(size);
    expect(response.headers.get("weir-image-quality")).toBe(quality);
    expect(await response.json()).toMatchObject({ size, quality });
    expect((await emulation.stats()).last?.body).toEqual({ model: MODEL, prompt: "a river", size, quality });
  });

  it("is sent with all its other fields", async () => {
    const user = await createUser();
    const fields = {
      n: 2,
      background: "opaque",
      output_format: "webp",
      output_compression: 50,
      moderation: "low",
      partial_images: 0,
      complexity: "low",
      user: "me",
      safety_identifier: "you",
    };
    const response = await user.post(GENERATIONS, draw({ ...fields, model: "gpt-image-2.6-flare" }));
    expect((await response.json<Images>()).data).toHaveLength(2);
    expect((await emulation.stats()).last?.body).toMatchObject(fields);
  });

  it.each([
    ["a model that makes no images", GENERATIONS, draw({ model: "gpt-5-mini" }), "model", "gpt-image-2"],
    [
      "a quality that the model lacks",
      GENERATIONS,
      draw({ quality: "max" }),
      "quality",
      "'max', only: low, medium, high. Models that do: gpt-image-2.6-flare",
    ],
    ["an illegal size", GENERATIONS, draw({ size: "1000x1000" }), "size", "multiples of 16"],
    ["gif", GENERATIONS, draw({ output_format: "gif" }), "output_format", "'gif', only: png, jpeg, webp"],
    ["an answer by URL", GENERATIONS, draw({ response_format: "url" }), "response_format", "base64"],
    ["a field of older models", GENERATIONS, draw({ style: "vivid" }), "style", "Leave it out"],
    ["too many images", GENERATIONS, draw({ n: 11 }), "n", "at most 10"],
    ["a number as text", GENERATIONS, draw({ n: "2" }), "n", "a number"],
    ["a stream of two images", GENERATIONS, draw({ stream: true, n: 2 }), "n", "Only one image"],
    ["too many partial images", GENERATIONS, draw({ partial_images: 4 }), "partial_images", "at most 3"],
    ["no prompt", GENERATIONS, { model: MODEL }, "prompt", "required"],
    ["no model", GENERATIONS, { prompt: "a river" }, "model", "required"],
    ["no image", EDITS, draw(), "images", "required"],
    ["an empty list of images", EDITS, draw({ images: [] }), "images", "must not be empty"],
    [
      "17 images",
      EDITS,
      draw({ images: Array.from({ length: 17 }, () => ({ image_url: pngUrl() })) }),
      "images",
      "at most 16",
    ],
    [
      "a file and a URL in one",
      EDITS,
      draw({ images: [{ file_id: "file-1", image_url: pngUrl() }] }),
      "images.0.image_url",
      "Leave it out",
    ],
    ["a picture without a file and a URL", EDITS, draw({ images: [{}] }), "images.0.image_url", "required"],
    [
      "an image over http",
      EDITS,
      draw({ images: [{ image_url: "http://a.test/b.png" }] }),
      "images.0.image_url",
      "https",
    ],
    ["a form without an image", EDITS, formOf({}, []), "image", "1 to 16"],
    [
      "a number with a leading zero in a form",
      EDITS,
      formOf({ n: "010" }, [["image", pngFile()]]),
      "n",
      "a whole number",
    ],
    ["a word as number in a form", EDITS, formOf({ n: "two" }, [["image", pngFile()]]), "n", "a whole number"],
    [
      "another word than true or false in a form",
      EDITS,
      formOf({ stream: "yes" }, [["image", pngFile()]]),
      "stream",
      "'true', 'false'",
    ],
    [
      "an unknown field of a form",
      EDITS,
      formOf({ surprise: "1" }, [["image", pngFile()]]),
      "surprise",
      "Leave it out",
    ],
    ["a gif in a form", EDITS, formOf({}, [["image", new File(["GIF89a"], "a.gif")]]), "image", "image/webp"],
  ])("for %s is refused before anything is reserved or sent", async (_, path, body, param, message) => {
    const user = await createUser();
    const response = await user.post(path, body);
    expect(response.status).toBe(400);
    const error = await errorOf(response);
    expect(error.param).toBe(param);
    expect(error.message).toContain(message);
    expect(await user.settled()).toEqual(NOTHING);
    expect((await emulation.stats()).requests).toBe(0);
  });

  it("that no plan pays for is refused", async () => {
    await useCatalog(createDollarCatalog(0.05));
    const user = await createUser();
    const response = await user.post(GENERATIONS, draw({ n: 2 }));
    expect([response.status, (await errorOf(response)).code]).toEqual([429, "plan_limit_exceeded"]);
    await useCatalog(createDollarCatalog());
  });
});

it.each([
  ["answers", "low", 200, "gpt-image-2"],
  ["is skipped when it lacks the quality", "max", 502, "gpt-image-2.6-flare"],
])("a fallback %s", async (_, quality, expected, model) => {
  const catalog = createDollarCatalog();
  const aliases = { ...catalog.aliases, drawn: toAlias("gpt-image-2.6-flare", { fallback: [MODEL] }) };
  await useCatalog({ ...catalog, aliases });
  const user = await createUserOf(failingProvider({ "gpt-image-2.6-flare": [status(500)] }).provider);
  const response = await user.post(GENERATIONS, draw({ model: "drawn", quality }));
  expect([response.status, response.headers.get("weir-model")]).toEqual([expected, model]);
  await useCatalog(createDollarCatalog());
});

describe("an edit", () => {
  it.each([
    ["one image as JSON", draw({ images: [{ image_url: pngUrl() }] }), 1024],
    ["a small image, which the provider enlarges", draw({ images: [{ image_url: pngUrl(512, 256) }] }), 512],
    ["images as JSON", draw({ images: [{ image_url: pngUrl() }, { image_url: "https://a.test/b.png" }] }), 1024 + 1536],
    ["one file", formOf({}, [["image", pngFile()]]), 1024],
    [
      "several files",
      formOf(
        {},
        [1, 2, 3].map((id) => ["image[]", pngFile(`${id}.png`)]),
      ),
      3 * 1024,
    ],
    [
      "several copies of files",
      formOf({ n: "2" }, [
        ["image[]", pngFile()],
        ["image[]", pngFile()],
      ]),
      4 * 1024,
    ],
  ])("of %s costs the tokens of its input images at their rate", async (_, body, imageTokens) => {
    const user = await createUser();
    const response = await user.post(EDITS, body);
    expect(response.status).toBe(200);
    expect(response.headers.get("weir-image-quality")).toBe("medium");
    const { usage } = await response.json<Images>();
    expect(usage.input_tokens_details.image_tokens).toBe(imageTokens);
    const { input_tokens: input, output_tokens: output } = usage;
    expect(await user.settled()).toEqual({ tokens: input + output, requests: 1, reserved: 0 });
    const dollars = (imageTokens * 8 + (input - imageTokens) * 5 + output * 30) / 1e6;
    expect(dollarsOf(await user.usage())).toBeCloseTo(dollars, 9);
  });

  it("in a form reaches the provider with its files as they came, and with the fields that Weir decides", async () => {
    let form = new FormData();
    const user = await createUserOf(async (request) => {
      form = await request.clone().formData();
      return emulated(request);
    });
    const mask = pngFile("mask.png", 1024, 1024, 100);
    const files: [string, File][] = [
      ["image[]", pngFile("a.png", 1024, 1024, 200_000)],
      ["image[]", pngFile("b.png", 64, 64)],
      ["mask", mask],
    ];
    const fields = { size: "auto", quality: "low", n: "2", response_format: "b64_json", input_fidelity: "high" };
    const response = await user.post(EDITS, formOf(fields, files));
    expect((await response.json<Images>()).data).toHaveLength(2);
    const texts = [...form].filter(([, value]) => typeof value === "string");
    expect(Object.fromEntries(texts)).toEqual({
      model: MODEL,
      prompt: "add a boat",
      size: "1024x1024",
      quality: "low",
      n: "2",
      input_fidelity: "high",
    });
    const sent = [...form.getAll("image[]"), ...form.getAll("mask")] as unknown as File[];
    expect(sent.map(({ name, type, size }) => [name, type, size])).toEqual([
      ["a.png", "image/png", 200_000],
      ["b.png", "image/png", 64],
      ["mask.png", "image/png", 100],
    ]);
    expect(await sent[2]?.arrayBuffer()).toEqual(await mask.arrayBuffer());
  });

  it("in a form is read whatever the case of its media type", async () => {
    const user = await createUser();
    const { headers, body } = new Response(formOf({}, [["image", pngFile()]]));
    const type = headers.get("content-type")?.replace("multipart/form-data", "Multipart/Form-Data") ?? "";
    const sent = { method: "POST", body, headers: { "content-type": type } };
    expect((await user.get(EDITS, sent)).status).toBe(200);
  });

  it("in a form can be streamed", async () => {
    const user = await createUser();
    const form = formOf({ stream: "true", partial_images: "2", quality: "low" }, [["image", pngFile()]]);
    const response = await user.post(EDITS, form);
    expect(response.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
    expect((await response.text()).match(/^event: .*/gm)).toEqual([
      "event: image_edit.partial_image",
      "event: image_edit.partial_image",
      "event: image_edit.completed",
    ]);
  });
});

it("a hundred parallel requests make exactly the seven images that the dollars pay for", async () => {
  const IMAGE = (196 * 30 + (16 + 7) * 8) / 1e6;
  const catalog = createDollarCatalog(7.5 * IMAGE);
  for (const plan of Object.values(catalog.plans)) plan.concurrent = 100;
  await useCatalog(catalog);
  const user = await createUser();
  const request = draw({ quality: "low", prompt: `${emulate({ first_ms: 20 })}\n` });
  const ask = async () => (await user.post(GENERATIONS, request)).status;
  const statuses = await Promise.all(Array.from({ length: 100 }, ask));
  expect(statuses.filter((status) => status === 200)).toHaveLength(7);
  expect(statuses.filter((status) => status === 429)).toHaveLength(93);
  expect(await user.settled()).toMatchObject({ requests: 7, reserved: 0 });
  expect((await emulation.stats()).by_path[GENERATIONS]).toBe(7);
  await useCatalog(createDollarCatalog());
});
