// The cost of each ending of an image request: the usage, the whole formula, or only a request.

import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Script } from "../../../../dev/provider/kernel/script.ts";
import type { Catalog } from "../../../../src/core/catalog/schema.ts";
import { dollarsOf, errorOf, ONLY_REQUESTS } from "../../../support/caller.ts";
import { createDollarCatalog } from "../../../support/catalog.ts";
import { emulate } from "../../../support/emulation.ts";
import { TEMPLATE_TOKENS } from "../../../support/estimate.ts";
import { readUntil } from "../../../support/events.ts";
import { createUserOf, streamOf } from "../../../support/providers.ts";
import { createUser, emulation, useCatalog } from "../../../support/workerd.ts";

const PATH = "/v1/images/generations";
/** Tokens of a low image of 1024x1024, and of a partial image. */
const IMAGE = 196;
const PARTIAL = 100;
const IMAGE_RATE = 30e-6;
const TEXT_RATE = 5e-6;
/** More than an event that Weir holds. */
const LARGE = { image_bytes: 200_000 };

const bodyOf = (script: Script, fields: object = {}) => ({
  model: "gpt-image-2",
  prompt: `${emulate(script)}\na low wall in a river`,
  quality: "low",
  ...fields,
});
const STREAM = { stream: true };
const PARTIALS = { stream: true, partial_images: 1 };

const useTiming = (timing: Partial<Catalog["timing"]>) => useCatalog(createDollarCatalog(100, timing));

beforeEach(emulation.zero);

describe("an answer that the provider", () => {
  beforeAll(async () => void (await useTiming({})));

  it.each([
    ["finished", {}, {}, 1, 0],
    ["finished as a stream", {}, STREAM, 1, 0],
    ["finished as a stream with a partial image", LARGE, PARTIALS, 1, 1],
    ["finished with several images", {}, { n: 3 }, 3, 0],
  ])("%s costs its usage, at the rates of text and images", async (_, script, fields, images, partial) => {
    const user = await createUser();
    const response = await user.post(PATH, bodyOf(script, fields));
    const text = await response.text();
    const output = images * (IMAGE + partial * PARTIAL);
    const [, input = NaN] = (/"input_tokens":(\d+)/.exec(text) ?? []).map(Number);
    expect(await user.settled()).toEqual({ tokens: input + output, requests: 1, reserved: 0 });
    expect(dollarsOf(await user.usage())).toBeCloseTo(input * TEXT_RATE + output * IMAGE_RATE, 9);
  });

  it.each([
    ["finished without usage", { no_usage: true }, {}, "whole"],
    ["finished as a stream without usage", { no_usage: true }, STREAM, "whole"],
    ["cut in the middle of an object", { cut_after: 1 }, {}, "cut"],
    ["cut in the middle of a large image", { ...LARGE, cut_after: 2 }, {}, "cut"],
    ["cut in the middle of an event", { ...LARGE, cut_after: 1 }, STREAM, "cut"],
    ["cut between two events", { cut_after: 1 }, PARTIALS, "error"],
    ["ended with an error after a partial image", { error_after: 1 }, PARTIALS, "error"],
    ["ended with an error after a large partial image", { ...LARGE, error_after: 6 }, PARTIALS, "error"],
  ])("%s costs the whole formula", async (_, script, fields, end) => {
    const user = await createUser();
    const body = bodyOf(script, fields);
    const response = await user.post(PATH, body);
    expect(response.status).toBe(200);
    const text = await response.text().catch(() => "cut");
    expect(text === "cut").toBe(end === "cut");
    const errors = text.match(/^event: error\ndata: .*"type":"server_error".*"code":"provider_error"/gm);
    expect(errors ?? []).toHaveLength(end === "error" ? 1 : 0);
    // The provider's own message.
    expect(text).not.toContain("help.openai.com");
    const output = IMAGE + ("partial_images" in fields ? PARTIAL : 0);
    const tokens = body.prompt.length + TEMPLATE_TOKENS + output;
    expect(await user.settled()).toEqual({ tokens, requests: 1, reserved: 0 });
    expect(await billedTokens()).toBeLessThanOrEqual(tokens);
  });

  it("ended between two events, as if it was complete, costs the whole formula", async () => {
    const partial = 'event: image_generation.partial_image\ndata: {"type":"image_generation.partial_image"}\n\n';
    const user = await createUserOf(streamOf(partial));
    const body = bodyOf({}, PARTIALS);
    const text = await (await user.post(PATH, body)).text();
    expect(text).toMatch(/^event: image_generation\.partial_image\n.*\n\nevent: error\n.*\n\n$/);
    const tokens = body.prompt.length + TEMPLATE_TOKENS + IMAGE + PARTIAL;
    expect(await user.settled()).toEqual({ tokens, requests: 1, reserved: 0 });
  });

  it.each([
    ["refused for its content", { moderation_blocked: true }, {}, 400, "moderation_blocked"],
    ["refused with 400", { status: 400 }, {}, 400, "provider_refused"],
    ["refused with 429", { status: 429 }, STREAM, 503, "provider_overloaded"],
    ["refused with 500", { status: 500 }, {}, 502, "provider_error"],
    ["began with an error", { error_after: 0 }, PARTIALS, 502, "provider_error"],
  ])("%s costs a request", async (_, script, fields, status, code) => {
    const user = await createUser();
    const response = await user.post(PATH, bodyOf(script, fields));
    expect([response.status, response.headers.get("weir-error")]).toEqual([status, code]);
    await errorOf(response);
    expect(await user.settled()).toEqual(ONLY_REQUESTS());
  });
});

it("an image that a proxy of the provider gave up costs the whole formula, because the provider worked", async () => {
  await useTiming({});
  const user = await createUser();
  const body = bodyOf({ status: 504 });
  expect((await user.post(PATH, body)).status).toBe(504);
  const tokens = body.prompt.length + TEMPLATE_TOKENS + IMAGE;
  expect(await user.settled()).toEqual({ tokens, requests: 1, reserved: 0 });
});

describe.each([
  ["whole", {}],
  ["streamed", STREAM],
])("an answer that is %s", (_, fields) => {
  it("costs the usage when its caller leaves, because the provider finishes", async () => {
    await useTiming({});
    const user = await createUser();
    const control = new AbortController();
    const response = user.post(PATH, bodyOf({ first_ms: 50 }, fields), { signal: control.signal });
    await emulation.busy();
    control.abort();
    await expect(response).rejects.toThrow("abort");
    const { tokens, ...rest } = await user.settled();
    expect(rest).toEqual({ requests: 1, reserved: 0 });
    expect(tokens).toBe(await billedTokens());
    expect(await emulation.idle()).toMatchObject({ requests: 1, cancelled: 0 });
  });

  it("costs the whole formula when its caller leaves and the provider does not finish in time", async () => {
    await useTiming({ leave_ms: 20 });
    const user = await createUser();
    const control = new AbortController();
    const body = bodyOf({ first_ms: 60_000 }, fields);
    const response = user.post(PATH, body, { signal: control.signal });
    await emulation.busy();
    control.abort();
    await expect(response).rejects.toThrow("abort");
    const tokens = body.prompt.length + TEMPLATE_TOKENS + IMAGE;
    expect(await user.settled()).toEqual({ tokens, requests: 1, reserved: 0 });
    expect(await emulation.idle()).toMatchObject({ requests: 1, cancelled: 1 });
    expect(await billedTokens()).toBeLessThanOrEqual(tokens);
  });

  it("may begin later than other answers, and costs the whole formula when it takes too long in total", async () => {
    await useTiming({ first_byte_ms: 1, total_ms: 60 });
    const user = await createUser();
    const body = bodyOf({ first_ms: 60_000 }, fields);
    const response = await user.post(PATH, body);
    expect(await errorOf(response)).toMatchObject({
      code: "provider_timeout",
      message: expect.stringContaining("finish") as string,
    });
    const tokens = body.prompt.length + TEMPLATE_TOKENS + IMAGE;
    expect(await user.settled()).toEqual({ tokens, requests: 1, reserved: 0 });
  });
});

it("a stream costs the usage when its caller leaves in the middle of an image", async () => {
  await useTiming({});
  const user = await createUser();
  const response = await user.post(PATH, bodyOf({ image_bytes: 2_000_000 }, PARTIALS));
  const reader = await readUntil(response.body, "partial_image");
  await reader.cancel();
  const { tokens, ...rest } = await user.settled();
  expect(rest).toEqual({ requests: 1, reserved: 0 });
  expect(tokens).toBe(await billedTokens());
});

async function billedTokens(): Promise<number> {
  const { billed } = await emulation.idle();
  return billed.input + billed.output;
}
