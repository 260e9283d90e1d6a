// The card of o4-mini as GET /v1/models serves it, held against the provider's page, figure by figure.

import { describe, expect, it } from "vitest";
import { compareModels, toModelObject } from "../../../../src/features/models/present.ts";
import { resolveModel } from "../../../../src/core/catalog/resolve.ts";
import { costOf } from "../../../../src/core/quota/price.ts";
import { bundledCatalog, bundledCard } from "../../../support/catalog-documents.ts";
import { gatedChat } from "../../../dialects/support/chat-requests.ts";
import { refusalOf } from "../../../support/refusals.ts";

const CATALOG = bundledCatalog();
const AFTER_ITS_END = Date.parse("2026-11-23");
const served = toModelObject(CATALOG, "o4-mini", AFTER_ITS_END);
const { card } = served;
const supportOf = (table: { name: string; supported: boolean }[]) =>
  Object.fromEntries(table.map(({ name, supported }) => [name, supported]));

describe("the head of the page", () => {
  it("names the model, marks it as the one to begin with, and says what it is", () => {
    expect(card).toMatchObject({
      id: "o4-mini",
      name: "o4-mini",
      default: true,
      tagline: "Fast, cost-efficient reasoning model, succeeded by GPT-5 mini",
      description:
        "o4-mini is our latest small o-series model. It's optimized for fast, effective reasoning with exceptionally " +
        "efficient performance in coding and visual tasks. It's succeeded by GPT-5 mini.",
    });
  });

  it("rates reasoning and speed, and shows the price where others have marks", () => {
    expect(card.ratings).toEqual({ reasoning: 4, speed: 3, price: "$1.1 · $4.4" });
  });

  it("has the figures of its size", () => {
    expect(card).toMatchObject({
      context_window: 200_000,
      max_output_tokens: 100_000,
      knowledge_cutoff: "2024-06-01",
    });
  });

  it("says that it reasons, and how hard", () => {
    expect(card.reasoning?.efforts).toEqual(["low", "medium", "high"]);
  });

  it("is the only card that the catalog marks so", () => {
    const marked = Object.entries(CATALOG.cards).filter(([, each]) => each.default);
    expect(marked.map(([id]) => id)).toEqual(["o4-mini"]);
    expect(resolveModel(CATALOG, "default", "2026-10-01")).toMatchObject({ model: { id: "o4-mini" } });
  });
});

describe("pricing", () => {
  it("is per million text tokens", () => {
    expect(card.prices).toMatchObject({ input: 1.1, cached_input: 0.275, output: 4.4 });
  });

  it("is half in a batch", () => {
    expect(card.prices?.batch).toEqual({ input: 0.55, cached_input: 0.1375, output: 2.2 });
  });

  it("is what a request costs, in nano-dollars", () => {
    const usage = { input: 3_000_000, cached: 1_000_000, cacheWrite: 0, output: 1_000_000 };
    expect(costOf(usage, bundledCard("o4-mini"))).toBe((2 * 1.1 + 0.275 + 4.4) * 1e9);
  });
});

describe("the quick comparison", () => {
  it("sets o3 and o3-mini beside it", () => {
    expect(card.compare).toEqual(["o3", "o3-mini"]);
  });

  it("has the prices of all three, the dearest input first", () => {
    const { object, data } = compareModels(CATALOG, ["o4-mini", ...card.compare], AFTER_ITS_END);
    expect(object).toBe("comparison");
    expect(data.map(({ id, input, cached_input, output }) => [id, input, cached_input, output])).toEqual([
      ["o3", 2, 0.5, 8],
      ["o4-mini", 1.1, 0.275, 4.4],
      ["o3-mini", 1.1, 0.55, 4.4],
    ]);
  });
});

describe("modalities", () => {
  it("are text both ways, images in, and no audio or video", () => {
    expect(card.modalities).toEqual({
      text: { input: true, output: true },
      image: { input: true, output: false },
      audio: { input: false, output: false },
      video: { input: false, output: false },
    });
  });

  it("have a ceiling for one image: 1,536 patches times 1.72", () => {
    expect(card.image_tokens).toBe(2642);
    expect(card.image_tokens).toBe(Math.ceil(1536 * 1.72));
  });
});

describe("endpoints", () => {
  it.each([
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
  ])("say of %s that its route is %s, and whether it is supported: %s", (title, route, supported) => {
    expect(card.endpoints.filter((endpoint) => endpoint.title === title)).toMatchObject([{ route, supported }]);
  });

  it("are the fifteen of the page, in its order", () => {
    expect(card.endpoints.map(({ name }) => name)).toEqual([
      "chat_completions",
      "responses",
      "realtime",
      "assistants",
      "batch",
      "fine_tuning",
      "embeddings",
      "image_generation",
      "videos",
      "image_edit",
      "speech_generation",
      "transcription",
      "translation",
      "moderation",
      "completions",
    ]);
  });
});

describe("features", () => {
  it("are told whether they are supported or not", () => {
    expect(supportOf(card.features)).toEqual({
      streaming: true,
      function_calling: true,
      structured_outputs: true,
      file_search: true,
      file_uploads: true,
      image_input: true,
      prompt_caching: true,
      evals: true,
      stored_completions: true,
      fine_tuning: true,
      distillation: false,
      predicted_outputs: false,
    });
  });

  it("have the titles of the page", () => {
    expect(card.features.map(({ title }) => title)).toEqual(
      expect.arrayContaining([
        "Streaming",
        "Function calling",
        "Structured outputs",
        "Fine-tuning",
        "Distillation",
        "Predicted outputs",
      ]),
    );
  });

  it("have the tools that the model can use over Responses", () => {
    const supported = card.tools.filter((tool) => tool.supported).map(({ name }) => name);
    expect(new Set(supported)).toEqual(
      new Set(["function_calling", "file_search", "code_interpreter", "mcp", "web_search"]),
    );
    expect(card.tools.find(({ name }) => name === "computer_use")).toMatchObject({ supported: false });
  });
});

describe("parameters that the model refuses", () => {
  it("are those of the document, each with its word on Chat Completions", () => {
    expect(new Set(card.refuses.chat_completions)).toEqual(
      new Set([
        "temperature",
        "top_p",
        "stop",
        "parallel_tool_calls",
        "presence_penalty",
        "frequency_penalty",
        "logit_bias",
        "logprobs",
        "top_logprobs",
        "prediction",
      ]),
    );
  });

  it("do not include max_tokens, which is sent by its newer name", () => {
    expect(gatedChat({ max_tokens: 10 })).toMatchObject({ max_completion_tokens: 500 });
    expect(gatedChat({ max_tokens: 10 })).not.toHaveProperty("max_tokens");
  });

  it.each([
    ["temperature", 0.5],
    ["top_p", 0.5],
    ["stop", ["\n"]],
    ["parallel_tool_calls", false],
    ["presence_penalty", 0.1],
    ["frequency_penalty", 0.1],
    ["logit_bias", { 1: 1 }],
    ["logprobs", true],
    ["prediction", { type: "content", content: "a" }],
  ])("are refused with 400 before anything is sent: %s", async (name, value) => {
    expect(await refusalOf(() => gatedChat({ [name]: value }))).toMatchObject({
      status: 400,
      body: { code: "unsupported_parameter", param: name },
    });
  });
});

describe("rate limits", () => {
  it.each([
    ["1", 1000, 100_000, 1_000_000],
    ["2", 2000, 2_000_000, 2_000_000],
    ["3", 5000, 4_000_000, 40_000_000],
    ["4", 10_000, 10_000_000, 1_000_000_000],
    ["5", 30_000, 150_000_000, 15_000_000_000],
  ])("of tier %s are %i requests and %i tokens a minute, and %i tokens in the batch queue", (tier, ...figures) => {
    const [requests_per_minute, tokens_per_minute, batch_queue_tokens] = figures;
    expect(card.rate_limits?.[tier]).toEqual({ requests_per_minute, tokens_per_minute, batch_queue_tokens });
  });

  it("are of five tiers", () => {
    expect(Object.keys(card.rate_limits ?? {})).toEqual(["1", "2", "3", "4", "5"]);
  });
});

describe("snapshots", () => {
  it("are one, with the aliases that stand for it", () => {
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

  it("make the model one of OpenAI's list", () => {
    expect(served).toMatchObject({
      id: "o4-mini",
      object: "model",
      created: Date.UTC(2025, 3, 16) / 1000,
      owned_by: "openai",
      shutdown_date: "2026-10-23",
      snapshot: "o4-mini-2025-04-16",
    });
  });
});

describe("the lives of the models", () => {
  it.each([
    ["2026-10-22", "o4-mini-2025-04-16"],
    ["2026-10-23", "gpt-5-mini-2025-08-07"],
    ["2026-12-11", "gpt-6.1-terra"],
  ])("lead from o4-mini to its successors: %s", (day, snapshot) => {
    const model = toModelObject(CATALOG, "o4-mini", Date.parse(day));
    expect(model).toMatchObject({ id: "o4-mini", snapshot: "o4-mini-2025-04-16", answered_by: snapshot });
  });

  it("have the figures of gpt-5-mini, which follows first", () => {
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

  it("have the figures of gpt-6.1-terra, which follows that", () => {
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
    });
  });

  it("have tool calls of gpt-6.1-terra over Responses only, old functions included", async () => {
    const asking = { asked: "gpt-6.1-terra" };
    const tools = [{ type: "function", function: { name: "look" } }];
    expect((await refusalOf(() => gatedChat({ tools }, asking))).body.param).toBe("tools");
    expect((await refusalOf(() => gatedChat({ functions: [{ name: "look" }] }, asking))).body.param).toBe("functions");
  });

  it("have the ends of those that are compared with it", () => {
    const { data } = compareModels(CATALOG, ["o4-mini", "o3", "o3-mini"], Date.parse("2026-11-23"));
    expect(data.map(({ id, shutdown_date, answered_by }) => [id, shutdown_date, answered_by])).toEqual([
      ["o3", "2026-12-11", "o3-2025-04-16"],
      ["o4-mini", "2026-10-23", "gpt-5-mini-2025-08-07"],
      ["o3-mini", "2026-10-23", "gpt-6.1-sol"],
    ]);
  });
});
