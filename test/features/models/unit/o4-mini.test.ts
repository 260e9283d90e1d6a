// The card of o4-mini as GET /v1/models serves it, held against the provider's page, figure by figure.

import { describe, expect, it } from "vitest";
import { resolveModel } from "../../../../src/core/catalog/resolve.ts";
import { costOf } from "../../../../src/core/quota/price.ts";
import { compareModels, toModelWithCard } from "../../../../src/features/models/present.ts";
import { bundledCard, bundledCatalog } from "../../../support/catalog-documents.ts";

const CATALOG = bundledCatalog();
const AFTER_ITS_END = Date.parse("2026-11-23");
const served = toModelWithCard(CATALOG, "o4-mini", AFTER_ITS_END);
const { card } = served;
const supported = (table: { name: string; supported: boolean }[]) =>
  table.filter((row) => row.supported).map(({ name }) => name);

const limits = (requests_per_minute: number, tokens_per_minute: number, batch_queue_tokens: number) => ({
  requests_per_minute,
  tokens_per_minute,
  batch_queue_tokens,
});

describe("the page of o4-mini", () => {
  it("has its head, ratings, sizes and prices", () => {
    expect(served).toMatchObject({
      id: "o4-mini",
      object: "model",
      created: Date.UTC(2025, 3, 16) / 1000,
      owned_by: "openai",
      shutdown_date: "2026-10-23",
      snapshot: "o4-mini-2025-04-16",
    });
    expect(card).toMatchObject({
      id: "o4-mini",
      name: "o4-mini",
      default: true,
      tagline: "Fast, cost-efficient reasoning model, succeeded by GPT-5 mini",
      description:
        "o4-mini is our latest small o-series model. It's optimized for fast, effective reasoning with exceptionally " +
        "efficient performance in coding and visual tasks. It's succeeded by GPT-5 mini.",
      ratings: { reasoning: 4, speed: 3, price: "$1.1 · $4.4" },
      context_window: 200_000,
      max_output_tokens: 100_000,
      knowledge_cutoff: "2024-06-01",
      reasoning: { efforts: ["low", "medium", "high"] },
      // 1,536 patches times 1.72.
      image_tokens: 2642,
      prices: {
        input: 1.1,
        cached_input: 0.275,
        output: 4.4,
        batch: { input: 0.55, cached_input: 0.1375, output: 2.2 },
      },
      modalities: {
        text: { input: true, output: true },
        image: { input: true, output: false },
        audio: { input: false, output: false },
        video: { input: false, output: false },
      },
    });
  });

  it("is the only one that the catalog marks as the default", () => {
    const marked = Object.entries(CATALOG.cards).filter(([, each]) => each.default);
    expect(marked.map(([id]) => id)).toEqual(["o4-mini"]);
    expect(resolveModel(CATALOG, "default", "2026-10-01")).toMatchObject({ model: { id: "o4-mini" } });
  });

  it("has prices that become nano-dollars", () => {
    const usage = { input: 3_000_000, cached: 1_000_000, cacheWrite: 0, output: 1_000_000 };
    expect(costOf(usage, bundledCard("o4-mini"))).toBe((2 * 1.1 + 0.275 + 4.4) * 1e9);
  });

  it("has the fifteen endpoints in the page's order", () => {
    expect(card.endpoints.map(({ title, route, supported: has }) => [title, route, has])).toEqual([
      ["Chat Completions", "/v1/chat/completions", true],
      ["Responses", "/v1/responses", true],
      ["Realtime", "/v1/realtime", false],
      ["Assistants", "/v1/assistants", false],
      ["Batch", "/v1/batches", true],
      ["Fine-tuning", "/v1/fine_tuning/jobs", true],
      ["Embeddings", "/v1/embeddings", false],
      ["Image generation", "/v1/images/generations", false],
      ["Videos", "/v1/videos", false],
      ["Image edit", "/v1/images/edits", false],
      ["Speech generation", "/v1/audio/speech", false],
      ["Transcription", "/v1/audio/transcriptions", false],
      ["Translation", "/v1/audio/translations", false],
      ["Moderation", "/v1/moderations", false],
      ["Completions (legacy)", "/v1/completions", false],
    ]);
  });

  it("has its features, tools and refused parameters", () => {
    expect(supported(card.features).toSorted()).toEqual([
      "evals",
      "file_search",
      "file_uploads",
      "fine_tuning",
      "function_calling",
      "image_input",
      "prompt_caching",
      "stored_completions",
      "streaming",
      "structured_outputs",
    ]);
    const titles = card.features.map(({ title }) => title);
    expect(titles).toEqual(expect.arrayContaining(["Distillation", "Predicted outputs"]));
    expect(supported(card.tools).toSorted()).toEqual([
      "code_interpreter",
      "file_search",
      "function_calling",
      "mcp",
      "web_search",
    ]);
    expect(card.refuses.chat_completions?.toSorted()).toEqual([
      "frequency_penalty",
      "logit_bias",
      "logprobs",
      "parallel_tool_calls",
      "prediction",
      "presence_penalty",
      "stop",
      "temperature",
      "top_logprobs",
      "top_p",
    ]);
  });

  it("has the rate limits of five tiers", () => {
    expect(card.rate_limits).toEqual({
      1: limits(1000, 100_000, 1_000_000),
      2: limits(2000, 2_000_000, 2_000_000),
      3: limits(5000, 4_000_000, 40_000_000),
      4: limits(10_000, 10_000_000, 1_000_000_000),
      5: limits(30_000, 150_000_000, 15_000_000_000),
    });
  });

  it("has one snapshot, with its aliases and successors", () => {
    expect(card.snapshots).toEqual([
      {
        id: "o4-mini-2025-04-16",
        released: "2025-04-16",
        deprecated: "2026-04-22",
        shutdown_date: "2026-10-23",
        successor: "gpt-5-mini",
        aliases: expect.arrayContaining(["o4-mini", "default"]) as unknown,
        successors: ["gpt-5-mini-2025-08-07", "gpt-6.1-terra"],
      },
    ]);
  });

  it("is compared with o3 and o3-mini, the highest input price first, with their ends", () => {
    expect(card.compare).toEqual(["o3", "o3-mini"]);
    const { object, data } = compareModels(CATALOG, ["o4-mini", ...card.compare], AFTER_ITS_END);
    expect(object).toBe("comparison");
    expect(data.map((row) => Object.values(row))).toEqual([
      ["o3", "o3", 2, 0.5, 8, "2026-12-11", "o3-2025-04-16"],
      ["o4-mini", "o4-mini", 1.1, 0.275, 4.4, "2026-10-23", "gpt-5-mini-2025-08-07"],
      ["o3-mini", "o3-mini", 1.1, 0.55, 4.4, "2026-10-23", "gpt-6.1-sol"],
    ]);
  });
});

describe("the successors of o4-mini", () => {
  it("have the figures of gpt-5-mini", () => {
    expect(bundledCard("gpt-5-mini")).toMatchObject({
      context_window: 400_000,
      max_output_tokens: 128_000,
      knowledge_cutoff: "2024-05-31",
      prices: { input: 0.25, cached_input: 0.025, output: 2 },
      endpoints: ["chat_completions", "responses", "batch"],
      modalities: { input: ["text", "image"], output: ["text"] },
      features: expect.arrayContaining(["streaming", "function_calling", "structured_outputs"]) as unknown,
      snapshots: { "gpt-5-mini-2025-08-07": { shutdown_date: "2026-12-11", successor: "gpt-6.1-terra" } },
    });
  });

  it("have the figures of gpt-6.1-terra, which takes tools over Responses only", () => {
    expect(bundledCard("gpt-6.1-terra")).toMatchObject({
      context_window: 1_050_000,
      max_input_tokens: 922_000,
      max_output_tokens: 128_000,
      knowledge_cutoff: "2026-06-01",
      reasoning: { efforts: ["none", "low", "medium", "high", "xhigh", "max"] },
      prices: {
        input: 1,
        cached_input: 0.05,
        cache_write: 1.25,
        output: 5,
        long_context: { above_input_tokens: 272_000, input_times: 2, output_times: 1.5 },
        batch: { input: 0.5, cached_input: 0.025, cache_write: 0.625, output: 2.5 },
      },
      endpoints: ["responses", "chat_completions", "batch"],
      refuses: { chat_completions: expect.arrayContaining(["tools", "functions"]) as unknown },
    });
  });
});
