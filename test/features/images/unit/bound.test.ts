// The bound of an image request: never below what the provider counts, and refused where a card lacks a fact.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { inputTokens, outputTokens, qualitiesOf } from "../../../../dev/provider/images/image-tokens.ts";
import { countTokens } from "../../../../dev/provider/kernel/generation/tokens.ts";
import type { ModelCard } from "../../../../src/core/catalog/card.ts";
import type { Model } from "../../../../src/core/catalog/resolve.ts";
import { requireSupport } from "../../../../src/core/catalog/support.ts";
import { boundAmounts, toBound } from "../../../../src/core/quota/bound.ts";
import { costOf } from "../../../../src/core/quota/price.ts";
import type { ImageRequest } from "../../../../src/features/images/exchange.ts";
import { passImages } from "../../../../src/features/images/exchange.ts";
import type { ImageFields } from "../../../../src/features/images/request.ts";
import { createCatalog } from "../../../support/catalog.ts";
import { LEGAL_SIZES } from "../support/sizes.ts";

const CATALOG = createCatalog();
const MODELS = ["gpt-image-2", "gpt-image-2.6-flare", "gpt-image-2.6-sunburst"];

function modelOf(name: string, changes: Partial<ModelCard> = {}): Model {
  const { [name]: card } = CATALOG.cards;
  if (!card) throw new Error(`there is no card '${name}'`);
  const changed = { ...card, ...changes };
  return { requestedName: name, id: name, snapshot: name, card: changed, requestedCard: changed, fixed: {} } as Model;
}

function prepare(model: Model, fields: Partial<ImageFields>, images = 0, release = () => undefined as unknown) {
  const request: ImageRequest = {
    endpoint: images > 0 ? "image_edit" : "image_generation",
    fields: { model: model.requestedName, prompt: "a river", ...fields },
    images,
    subject: { text: "", images: [] },
    write: (changes) => ({ body: JSON.stringify(changes), headers: {} }),
    release,
  };
  return passImages(request).prepare(model, CATALOG);
}

const boundOf = (model: Model, fields: Partial<ImageFields>, images = 0) =>
  toBound(prepare(model, fields, images).ask.demand, model.card, { max_output_tokens: 1 }, 256);

describe("the bound", () => {
  it("covers what the provider counts, for every size, quality, and number of images", () => {
    const requests = fc.record({
      name: fc.constantFrom(...MODELS),
      size: LEGAL_SIZES,
      quality: fc.nat(),
      count: fc.integer({ min: 1, max: 10 }),
      partial: fc.integer({ min: 0, max: 3 }),
      prompt: fc.string({ minLength: 1, unit: "binary" }),
      images: fc.array(fc.option(LEGAL_SIZES, { nil: undefined }), { maxLength: 4 }),
    });
    fc.assert(
      fc.property(requests, ({ name, size, count, partial, prompt, images, ...chosen }) => {
        const qualities = qualitiesOf(name);
        const quality = qualities[chosen.quality % qualities.length] ?? "";
        const model = modelOf(name);
        const dimensions = `${size.width}x${size.height}`;
        const fields = { prompt, size: dimensions, quality, n: count, partial_images: partial };
        const bound = boundOf(model, fields, images.length);
        const image = count * images.reduce((sum, each) => sum + inputTokens(each), 0);
        const input = count * countTokens(prompt) + image;
        const output = count * (outputTokens(name, quality, size.width, size.height) + 100 * partial);
        const amounts = boundAmounts(bound, bound.output);
        expect(bound.minOutput).toBe(bound.output);
        expect(amounts.tokens).toBeGreaterThanOrEqual(input + output);
        const usage = { input, cached: 0, cacheWrite: 0, output, image: { input: image, cached: 0, output } };
        expect(amounts.nanoUsd).toBeGreaterThanOrEqual(costOf(usage, model.card));
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    ["the card's size and quality for auto", { size: "auto", quality: "auto" }, 0, { input: 7 + 16, output: 1756 }],
    ["the card's size and quality without any", {}, 0, { input: 7 + 16, output: 1756 }],
    ["the formula", { size: "3840x2160", quality: "high" }, 0, { input: 7 + 16, output: 13_342 }],
    ["100 tokens for each partial image", { quality: "low", partial_images: 3 }, 0, { output: 196 + 300 }],
    ["the whole input for each image", { n: 3 }, 0, { input: 3 * (7 + 16), output: 1756, choices: 3 }],
    ["1,536 tokens for each input image", { n: 2 }, 2, { input: 2 * (7 + 16 + 2 * 1536), choices: 2 }],
  ] as const)("is %s", (_, fields, images, bound) => {
    expect(boundOf(modelOf("gpt-image-2"), fields, images)).toMatchObject(bound);
  });

  it("is the card's ceiling where there is no formula", () => {
    expect(boundOf(modelOf("gpt-image-2.6-flare"), { quality: "max", size: "1024x1024" }).output).toBe(24_000);
  });

  it("of several images has the model's input limit for each", () => {
    const limited = modelOf("gpt-image-2", { max_input_tokens: 20 });
    expect(boundOf(limited, { n: 3 }).input).toBe(60);
  });
});

describe("a request", () => {
  it.each([
    ["a quality that the model lacks", {}, { quality: "max" }, 0, "quality", /'max'.*gpt-image-2\.6-flare/],
    ["an inherited name as quality", {}, { quality: "toString" }, 0, "quality", /'toString'.*No model/],
    ["gif", {}, { output_format: "gif" }, 0, "output_format", /'gif'/],
    ["svg", {}, { output_format: "svg" }, 0, "output_format", /'svg'/],
    ["a stream from a model without", { features: [] }, { stream: true }, 0, "stream", /Streaming/],
    ["a card without image_output", { image_output: undefined }, {}, 0, "model", /'image_output'/],
    ["an edit, and a card without image_tokens", { image_tokens: undefined }, {}, 1, "model", /'image_tokens'/],
    ["another endpoint", { endpoints: ["image_generation"] }, {}, 1, "model", /Image edit/],
  ] as const)("for %s is refused with advice", (_, changes, fields, images, param, message) => {
    const model = modelOf("gpt-image-2", changes as unknown as Partial<ModelCard>);
    const { needs } = prepare(model, fields, images).ask;
    const body = expect.objectContaining({ param, message: expect.stringMatching(message) as string }) as object;
    expect(() => requireSupport(CATALOG, model, needs, 0)).toThrow(expect.objectContaining({ status: 400, body }));
  });

  it("for gif is sent where the card has it", () => {
    const { image_output: output } = modelOf("gpt-image-2").card;
    if (!output) throw new Error("the card has no image output");
    const model = modelOf("gpt-image-2", { image_output: { ...output, formats: ["gif"] } });
    expect(() => requireSupport(CATALOG, model, prepare(model, { output_format: "gif" }).ask.needs, 0)).not.toThrow();
  });

  it("without a size is refused when the card's default is no legal size", () => {
    const { image_output: output } = modelOf("gpt-image-2").card;
    const model = modelOf("gpt-image-2", { image_output: output && { ...output, default_size: "512x512" } });
    const check = (fields: object) => requireSupport(CATALOG, model, prepare(model, fields).ask.needs, 0);
    const body = expect.objectContaining({
      param: "model",
      message: expect.stringContaining("default_size") as string,
    });
    expect(() => check({})).toThrow(expect.objectContaining({ status: 400, body: body as object }));
    expect(() => check({ size: "1024x1024" })).not.toThrow();
  });

  it("by an alias with instructions begins with them, and its bound counts them", () => {
    const model = { ...modelOf("gpt-image-2"), fixed: { instructions: "In watercolour." } } as Model;
    const { body } = prepare(model, {}).ask.write({ maxOutputTokens: 0 });
    expect(JSON.parse(body as string)).toMatchObject({ prompt: "In watercolour.\n\na river" });
    expect(boundOf(model, {}).input).toBe(24 + 16);
  });

  it.each([{}, { stream: true }])("with %j frees its files once its answer is relayed, and not before", (fields) => {
    let isReleased = false;
    const { reply } = prepare(modelOf("gpt-image-2"), fields, 1, () => (isReleased = true));
    const codec = reply.kind === "bytes" ? reply.createCodec() : undefined;
    codec?.push(new TextEncoder().encode(":\n\n"));
    expect(isReleased).toBe(false);
    expect(codec?.take()).toHaveLength(3);
    expect(isReleased).toBe(true);
  });

  it("for a stream of several images is refused", () => {
    expect(() => prepare(modelOf("gpt-image-2"), { stream: true, n: 2 })).toThrow(
      expect.objectContaining({ status: 400, body: expect.objectContaining({ param: "n" }) as object }),
    );
  });

  it("is sent for the snapshot with its size and quality, which headers tell", () => {
    const { ask } = prepare(modelOf("gpt-image-2"), { size: "1536x1024" });
    expect(JSON.parse(ask.write({ maxOutputTokens: 0 }).body as string)).toEqual({
      model: "gpt-image-2",
      prompt: "a river",
      size: "1536x1024",
      quality: "medium",
    });
    expect(ask.changes).toEqual({ "weir-image-size": "1536x1024", "weir-image-quality": "medium" });
  });
});
