// The completions exchange: the request as sent, its bound, its moderation, and the answer.

import * as fc from "fast-check";
import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { ModelCard } from "../../../../src/core/catalog/card.ts";
import type { Fixed, Model } from "../../../../src/core/catalog/resolve.ts";
import type { Catalog } from "../../../../src/core/catalog/schema.ts";
import { validate } from "../../../../src/core/http/json-body.ts";
import { toBound } from "../../../../src/core/quota/bound.ts";
import { passCompletions } from "../../../../src/features/completions/exchange.ts";
import { CompletionsRequest } from "../../../../src/features/completions/request.ts";
import { sentJson } from "../../../dialects/support/responses-requests.ts";
import { readJson, send } from "../../../provider/support/client.ts";
import { DONE, fromUtf8, sse, toUtf8, usageChunk } from "../../../support/chat-chunks.ts";
import { TEMPLATE_TOKENS } from "../../../support/estimate.ts";
import { refusalOf } from "../../../support/refusals.ts";
import { ADDED_TOKENS } from "../support/surface.ts";

const card = v.parse(ModelCard, {
  provider: "house",
  name: "A base model",
  context_window: 4096,
  prices: { input: 1, output: 2 },
  modalities: { input: ["text"], output: ["text"] },
  endpoints: ["completions"],
  features: ["streaming"],
  snapshots: { "base-1": {} },
});

function prepared(
  request: object,
  { fixed = {}, refuses = {} }: { fixed?: Fixed; refuses?: ModelCard["refuses"] } = {},
) {
  const changed = { ...card, refuses };
  const model = { requestedName: "base", snapshot: "base-1", card: changed, requestedCard: changed, fixed } as Model;
  const body = validate(CompletionsRequest, { model: "base", prompt: "A weir", ...request });
  return passCompletions(body).prepare(model, {} as Catalog);
}

describe("a request", () => {
  it("is sent with the snapshot and the granted output, and a stream asks for usage", () => {
    const fields = { prompt: [[1, 2]], n: 2, logit_bias: { "1": 5 }, user: "a-hash" };
    expect(sentJson(prepared(fields).ask)).toEqual({ ...fields, model: "base-1", max_tokens: 500 });
    const streamed = { stream: true, stream_options: { include_obfuscation: false } };
    expect(sentJson(prepared(streamed).ask)).toMatchObject({
      stream_options: { include_obfuscation: false, include_usage: true },
    });
  });

  it("has no parameters that the card refuses and that only tune the answer", () => {
    const refuses = { completions: ["stream_options", "best_of", "echo", "logprobs"] };
    const { ask } = prepared({ stream: true, best_of: 1, echo: false }, { refuses });
    expect(sentJson(ask)).toEqual({ model: "base-1", prompt: "A weir", stream: true, max_tokens: 500 });
    const { needs } = prepared({ logprobs: 2 }, { refuses }).ask;
    expect(needs).toContainEqual({ kind: "parameter", endpoint: "completions", name: "logprobs", param: "logprobs" });
  });

  it("to an alias with fixed instructions is refused, because a prompt has no place for them", async () => {
    const refusal = await refusalOf(() => prepared({}, { fixed: { instructions: "Be brief." } }));
    const message = expect.stringContaining("Use another model") as string;
    expect(refusal.body).toMatchObject({ code: "unsupported_value", param: "model", message });
  });
});

const boundOf = (request: object, fixed?: Fixed) =>
  toBound(prepared(request, fixed && { fixed }).ask.demand, card, { max_output_tokens: 1000 }, 256);

const someOf = <Item>(item: fc.Arbitrary<Item>) => fc.array(item, { minLength: 1, maxLength: 5 });

/** Sends a request to the emulated provider, and compares its usage with the bound. */
async function expectCovered(request: object) {
  const { ask } = prepared(request);
  const { input, output, choices } = toBound(ask.demand, card, { max_output_tokens: 1000 }, 256);
  const body = ask.write({ maxOutputTokens: output }).body as string;
  const sent = { ...(JSON.parse(body) as object), model: "emulated-base" };
  const { usage } = await readJson<{ usage: { prompt_tokens: number; completion_tokens: number } }>(
    await send("POST", "/v1/completions", sent),
  );
  expect(usage.prompt_tokens).toBeLessThanOrEqual(input);
  expect(usage.completion_tokens).toBeLessThanOrEqual(output * choices);
}

describe("the bound", () => {
  it.each<[string, object, number, number, number]>([
    ["the bytes of a text, and 16 output tokens", { prompt: "ö".repeat(10) }, 20 + ADDED_TOKENS, 16, 1],
    ["the tokens of an array", { prompt: [1, 2, 3] }, 3 + ADDED_TOKENS, 16, 1],
    ["the sum of all prompts", { prompt: ["ab", "cde"], n: 3 }, 5 + 2 * ADDED_TOKENS, 16, 6],
    ["the sum of all arrays", { prompt: [[1, 2], [3]] }, 3 + 2 * ADDED_TOKENS, 16, 2],
    ["a suffix for each prompt", { prompt: ["ab", "c"], suffix: "ö" }, 3 + 2 * 2 + 2 * ADDED_TOKENS, 16, 2],
    ["all candidates", { n: 2, best_of: 5, max_tokens: 100 }, 6 + ADDED_TOKENS, 100, 5],
    ["the plan's output", { max_tokens: 5000 }, 6 + ADDED_TOKENS, 1000, 1],
    ["no output", { max_tokens: 0, echo: true, logprobs: 1 }, 6 + ADDED_TOKENS, 0, 1],
    [
      "the context for each prompt",
      { prompt: ["x".repeat(9000), "x".repeat(9000)] },
      2 * 4096 - TEMPLATE_TOKENS,
      16,
      2,
    ],
  ])("is %s", (_, request, input, output, choices) => {
    expect(boundOf(request)).toMatchObject({ input: input + TEMPLATE_TOKENS, output, choices });
  });

  it("is at most the output of the alias", () => {
    expect(boundOf({ max_tokens: 100 }, { max_output_tokens: 30 })).toMatchObject({ output: 30 });
  });

  it("is never below the usage of the provider", async () => {
    const text = fc.string({ unit: "binary", maxLength: 60 });
    const tokens = fc.array(fc.nat(50_000), { minLength: 1, maxLength: 20 });
    const requests = fc.record(
      {
        prompt: fc.oneof(text, someOf(text), tokens, someOf(tokens)),
        suffix: text,
        max_tokens: fc.nat(80),
        n: fc.integer({ min: 1, max: 3 }),
        best_of: fc.integer({ min: 3, max: 5 }),
        echo: fc.boolean(),
      },
      { requiredKeys: ["prompt"] },
    );
    await fc.assert(fc.asyncProperty(requests, expectCovered), { numRuns: 60 });
  });
});

describe("moderation", () => {
  it("reads the prompts and the suffix, and cannot read tokens", () => {
    expect(prepared({ prompt: ["river", "weir"], suffix: "wall" }).ask.subject).toMatchObject({
      text: "river\nweir\nwall",
      images: [],
    });
    expect(prepared({ prompt: [1, 2] }).ask.subject).toMatchObject({ text: "", unreadable: "prompt" });
    expect(prepared({}).ask.subject).not.toHaveProperty("unreadable");
  });

  it("needs `top_logprobs` for alternative tokens, which are in no window", () => {
    const alternatives = { kind: "parameter", endpoint: "completions", name: "top_logprobs", param: "logprobs" };
    expect(prepared({ logprobs: 1 }).ask.needs).toContainEqual(alternatives);
    expect(prepared({ logprobs: 0 }).ask.needs).not.toContainEqual(alternatives);
  });
});

const FIRST = { id: "cmpl-1", object: "text_completion", created: 7, model: "m" };
const textChunk = (text: string, finish: string | null = null) =>
  sse({ ...FIRST, choices: [{ index: 0, text, logprobs: null, finish_reason: finish }] });

describe("an answer", () => {
  it("that is whole passes through unchanged, and fails without a finish reason", () => {
    const { reply } = prepared({});
    if (reply.kind !== "json") throw new Error(`the reply is ${reply.kind}`);
    const body = '{"choices":[{"text":"A weir.","logprobs":{"tokens":["A"]},"finish_reason":"stop"}]}  \n';
    const answer = reply.read(body);
    expect(answer.conclude({ left: {}, usd: 0.5 })).toBe(body);
    expect([answer.allText(), answer.progress.outputBytes]).toEqual(["A weir.", 7]);
    expect(() => reply.read('{"choices":[{"text":"A weir."}]}')).toThrow("could not be read");
  });

  it.each([
    ["with the usage that was requested", { stream_options: { include_usage: true } }, usageChunk(5, 2)],
    ["without usage when none was requested", {}, ""],
  ])("that is streamed passes %s", (_, options, shown) => {
    const { reply } = prepared({ stream: true, ...options });
    if (reply.kind !== "stream") throw new Error(`the reply is ${reply.kind}`);
    const codec = reply.passThrough?.();
    const [text, end] = [textChunk("A weir"), textChunk("", "length")];
    codec?.push(toUtf8(text + end + usageChunk(5, 2) + DONE));
    expect(fromUtf8(codec?.take() ?? toUtf8("none"))).toBe(text + end + shown + DONE);
    codec?.finish();
    expect(codec?.progress).toMatchObject({ usage: { input: 5, output: 2 }, finish: "length", ended: true });
    const blocked = codec?.block({ message: "no", type: "x", param: null, code: "x" }, FIRST, {
      input: 5,
      cached: 0,
      output: 2,
      reasoning: 0,
    });
    const ended = fromUtf8(blocked ?? toUtf8("none"));
    expect(ended.startsWith(textChunk("", "content_filter"))).toBe(true);
    expect(ended.includes('"total_tokens":7')).toBe(shown !== "");
  });
});
