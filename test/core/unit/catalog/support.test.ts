// What a request needs, held against the card of its model: refused by the caller's word for it, naming models that can.

import { describe, expect, it } from "vitest";
import type { Modality } from "../../../../src/core/catalog/card.ts";
import { MODALITIES } from "../../../../src/core/catalog/card.ts";
import { chooseModel } from "../../../../src/core/catalog/choose.ts";
import type { Catalog } from "../../../../src/core/catalog/schema.ts";
import type { Need } from "../../../../src/core/catalog/support.ts";
import { modelsOf, requireSupport } from "../../../../src/core/catalog/support.ts";
import { ENDPOINTS } from "../../../../src/core/catalog/endpoints.ts";
import type { Endpoint } from "../../../../src/core/catalog/endpoints.ts";
import type { Document } from "../../../support/catalog-documents.ts";
import { bundledCatalog, cardDocument, catalogDocument, complete } from "../../../support/catalog-documents.ts";
import { gatedChat } from "../../../dialects/support/chat-requests.ts";
import { modelsNamed } from "../../../support/gating.ts";
import { refusalOf } from "../../../support/refusals.ts";

const BUNDLED = bundledCatalog();
const DAY = "2026-10-01";
const NOW = Date.parse(DAY);

const IMAGE = [{ role: "user", content: [{ type: "image_url", image_url: { url: "https://a.test/a.png" } }] }];
const TOOLS = [{ type: "function", function: { name: "look" } }];
const FORMAT = { type: "json_schema", json_schema: { name: "answer", schema: {} } };

/** A model that does nothing but chat, beside one that does everything, and one that only embeds. */
const FULL = {
  modalities: { input: ["text", "image"], output: ["text", "audio", "image", "video"] },
  image_tokens: 1000,
  reasoning: { efforts: ["low", "high"] },
  features: ["streaming", "function_calling", "structured_outputs", "predicted_outputs"],
};
const PLAIN = catalogOf({ refuses: { chat_completions: ["top_p", "seed", "tool_choice"] } });

function catalogOf(plain: Document, changes: Document = {}): Catalog {
  const cards = {
    plain: cardDocument({ "plain-1": {} }, plain),
    full: cardDocument({ "full-1": {} }, FULL),
    vectors: cardDocument({ "vectors-1": {} }, { ...FULL, endpoints: ["embeddings"] }),
  };
  const aliases = { default: { target: "plain-1" }, plain: { target: "plain-1" }, full: { target: "full-1" } };
  return complete(catalogDocument({ cards, aliases, ...changes }));
}

/** Whether a model of the catalog, asked for by that name, has what is needed. */
function can(catalog: Catalog, asked: string, ...needs: Need[]): boolean {
  try {
    requireSupport(catalog, chooseModel(catalog, asked, NOW).model, needs, NOW);
    return true;
  } catch {
    return false;
  }
}

interface Refused {
  code: string;
  param: string;
  title: string;
}
const unsupported = (code: "value" | "parameter", param: string, title: string): Refused => ({
  code: `unsupported_${code}`,
  param,
  title,
});

describe("what a model does not have", () => {
  it.each<[string, Document, Refused]>([
    ["streams", { stream: true }, unsupported("value", "stream", "Streaming")],
    ["tools", { tools: TOOLS }, unsupported("parameter", "tools", "Function calling")],
    ["functions", { functions: [{ name: "a" }] }, unsupported("parameter", "functions", "Function calling")],
    ["a schema", { response_format: FORMAT }, unsupported("value", "response_format", "Structured outputs")],
    ["a prediction", { prediction: { content: "a" } }, unsupported("parameter", "prediction", "Predicted outputs")],
    ["an image", { messages: IMAGE }, unsupported("value", "messages", "Image input")],
    ["spoken output", { modalities: ["text", "audio"] }, unsupported("value", "modalities", "Audio output")],
    ["drawn output", { modalities: ["image"] }, unsupported("value", "modalities", "Image output")],
    ["filmed output", { modalities: ["video"] }, unsupported("value", "modalities", "Video output")],
    ["an effort", { reasoning_effort: "low" }, unsupported("value", "reasoning_effort", "the effort 'low'")],
    ["a parameter", { top_p: 0.5 }, unsupported("parameter", "top_p", "'top_p' on Chat Completions")],
    ["another parameter", { seed: 1 }, unsupported("parameter", "seed", "'seed' on Chat Completions")],
  ])("is refused on /v1/chat/completions, naming who has it: %s", async (_what, changes, { code, param, title }) => {
    const error = await refusalOf(() => gatedChat(changes, { catalog: PLAIN, asked: "plain" }));
    expect(error).toMatchObject({ status: 400, body: { type: "invalid_request_error", code, param } });
    expect(error.body.message.startsWith(`The model 'plain' does not support ${title}. Models that do: full.`)).toBe(
      true,
    );
    expect(gatedChat(changes, { catalog: PLAIN, asked: "full" })).toMatchObject(changes);
  });

  it("is said with what to do: leave a parameter out, take an effort that there is", async () => {
    const parameter = await refusalOf(() => gatedChat({ top_p: 0.5 }, { catalog: PLAIN, asked: "plain" }));
    expect(parameter.body.message).toMatch(/ Leave it out\.$/);
    const unknown = await refusalOf(() => gatedChat({ reasoning_effort: "huge" }, { catalog: PLAIN, asked: "full" }));
    expect(unknown.body.message).toBe(
      "The model 'full' does not support the effort 'huge'. No model here does. The efforts of 'full': low, high.",
    );
    const none = await refusalOf(() => gatedChat({ reasoning_effort: "low" }, { catalog: PLAIN, asked: "plain" }));
    expect(none.body.message).toMatch(/ It does not reason: leave it out\.$/);
  });

  it("is the endpoint, for a model that does not chat", async () => {
    const error = await refusalOf(() => gatedChat({}, { catalog: PLAIN, asked: "vectors-1" }));
    expect(error).toMatchObject({ status: 400, body: { code: "unsupported_value", param: "model" } });
    expect(error.body.message).toMatch(/^The model 'vectors-1' does not support Chat Completions\. Models that do: /);
  });
});

describe("what a model has is never refused", () => {
  it.each(["o4-mini", "gpt-5-mini", "o3", "o3-mini", "gpt-6.1-terra", "gpt-6.1-sol"])(
    "of %s: every effort, and the features of its card",
    (asked) => {
      const { card } = chooseModel(BUNDLED, asked, NOW).model;
      const asking = { asked, catalog: BUNDLED, day: DAY };
      for (const effort of card.reasoning?.efforts ?? []) {
        expect(gatedChat({ reasoning_effort: effort }, asking)).toMatchObject({ reasoning_effort: effort });
      }
      expect(gatedChat({ stream: true, modalities: ["text"] }, asking)).toMatchObject({ stream: true });
      expect(gatedChat({ response_format: FORMAT }, asking)).toMatchObject({ response_format: FORMAT });
      if (card.modalities.input.includes("image")) {
        expect(gatedChat({ messages: IMAGE }, asking)).toMatchObject({ messages: IMAGE });
      }
      if (!card.refuses.chat_completions?.includes("tools")) {
        expect(gatedChat({ tools: TOOLS, tool_choice: "required" }, asking)).toMatchObject({ tools: TOOLS });
      }
    },
  );

  it("because it stands in the request empty", () => {
    const empty = {
      tools: null,
      functions: [],
      prediction: null,
      modalities: [],
      reasoning_effort: null,
      stream: false,
    };
    expect(() => gatedChat(empty, { catalog: PLAIN, asked: "plain" })).not.toThrow();
    expect(() => gatedChat({ tools: [] }, { catalog: PLAIN, asked: "plain" })).not.toThrow();
    expect(() => gatedChat({ response_format: { type: "text" } }, { catalog: PLAIN, asked: "plain" })).not.toThrow();
    expect(() =>
      gatedChat({ top_p: 1, seed: null, tool_choice: "auto" }, { catalog: PLAIN, asked: "plain" }),
    ).not.toThrow();
  });
});

const need = (endpoint: Endpoint): Need => ({ kind: "endpoint", endpoint, param: "model" });

describe("a provider that serves some endpoints only", () => {
  const house = { base_url: "https://models.test/v1", key_variable: "HOUSE_API_KEY" };
  const other = { base_url: "https://others.test/v1", key_variable: "OTHER_API_KEY" };
  const served = (endpoints: Endpoint[] | undefined) =>
    catalogOf(
      { provider: "other" },
      { providers: { house, other: { ...other, ...(endpoints ? { endpoints } : {}) } } },
    );

  it("makes its models refuse the others, whatever their cards say", async () => {
    const error = await refusalOf(() => gatedChat({}, { catalog: served(["responses"]), asked: "plain" }));
    expect(error.body).toMatchObject({ code: "unsupported_value", param: "model" });
    expect(modelsNamed(error.body.message)).toEqual(["full"]);
    expect(() => gatedChat({}, { catalog: served(["responses"]), asked: "full" })).not.toThrow();
  });

  it("gives its models nothing that their cards do not have", () => {
    expect(can(served(["chat_completions", "embeddings"]), "plain", need("embeddings"))).toBe(false);
    expect(can(served(["chat_completions", "embeddings"]), "plain", need("chat_completions"))).toBe(true);
    expect(can(served(undefined), "plain", need("chat_completions"))).toBe(true);
    expect(can(served([]), "plain", need("chat_completions"))).toBe(false);
  });
});

describe("the models that a refusal names", () => {
  const chat: Need = { kind: "endpoint", endpoint: "chat_completions", param: "model" };
  const needs: Need[] = [
    ...Object.keys(ENDPOINTS).map((endpoint): Need => ({
      kind: "endpoint",
      endpoint: endpoint as Endpoint,
      param: "x",
    })),
    ...Object.keys(MODALITIES).flatMap((name): Need[] => [
      { kind: "input", modality: name as Modality, param: "x" },
      { kind: "output", modality: name as Modality, param: "x" },
    ]),
    { kind: "feature", feature: "fine_tuning", param: "x" },
    { kind: "feature", feature: "evals", param: "x" },
    { kind: "effort", effort: "none", param: "x" },
    { kind: "effort", effort: "minimal", param: "x" },
    { kind: "parameter", endpoint: "chat_completions", name: "parallel_tool_calls", param: "x" },
  ];
  const refusing = needs.flatMap((need) =>
    modelsOf(BUNDLED, NOW)
      .filter(({ asked }) => !can(BUNDLED, asked, need))
      .map(({ asked }): [string, Need] => [asked, need]),
  );

  it("really do it, and answer under that name", async () => {
    expect(refusing.length).toBeGreaterThan(100);
    for (const [asked, need] of refusing) {
      const model = chooseModel(BUNDLED, asked, NOW).model;
      const error = await refusalOf(() => requireSupport(BUNDLED, model, [need], NOW));
      const named = modelsNamed(error.body.message);
      const unable = named.filter((name) => !can(BUNDLED, name, need));
      expect([asked, need, unable]).toEqual([asked, need, []]);
      expect(named.length > 0 || error.body.message.includes("No model here does.")).toBe(true);
    }
  });

  it("have all else that the request needs, where there are such", async () => {
    const error = await refusalOf(() =>
      gatedChat({ messages: IMAGE, tools: TOOLS, stream: true }, { asked: "o3-mini" }),
    );
    const named = modelsNamed(error.body.message);
    expect(named).toContain("o4-mini");
    for (const asked of named) {
      expect(() => gatedChat({ messages: IMAGE, tools: TOOLS, stream: true }, { asked })).not.toThrow();
    }
  });

  it.each<[string, Document]>([
    ["a parameter that every chat model refuses", { temperature: 0.5 }],
    ["a prediction", { prediction: { type: "content", content: "a" } }],
  ])("are none that cannot chat: %s", async (_what, changes) => {
    const error = await refusalOf(() => gatedChat(changes));
    const idle = modelsNamed(error.body.message).filter((name) => !can(BUNDLED, name, chat));
    expect(idle).toEqual([]);
  });

  it("are each named once, by the card's own name where it answers to that", async () => {
    const model = chooseModel(BUNDLED, "whisper-1", NOW).model;
    const error = await refusalOf(() => requireSupport(BUNDLED, model, [chat], NOW));
    const named = modelsNamed(error.body.message);
    expect(new Set(named)).toEqual(new Set(["o4-mini", "gpt-5-mini", "o3", "o3-mini", "gpt-6.1-terra", "gpt-6.1-sol"]));
    expect(named).toHaveLength(6);
  });

  it("are none that have ended, nor aliases that have moved on", async () => {
    const later = Date.parse("2026-11-23");
    const model = chooseModel(BUNDLED, "whisper-1", later).model;
    const error = await refusalOf(() => requireSupport(BUNDLED, model, [chat], later));
    expect(new Set(modelsNamed(error.body.message))).toEqual(
      new Set(["gpt-5-mini", "o3", "gpt-6.1-terra", "gpt-6.1-sol"]),
    );
  });
});

const namesAt = (day: string) => modelsOf(BUNDLED, Date.parse(day)).map(({ asked }) => asked);

describe("the list of models", () => {
  it("has every name that answers, the aliases first", () => {
    const names = namesAt(DAY);
    expect(names.slice(0, Object.keys(BUNDLED.aliases).length)).toEqual(Object.keys(BUNDLED.aliases));
    expect(names).toContain("o4-mini-2025-04-16");
    expect(names).not.toContain("sora-2");
    expect(new Set(names).size).toBe(names.length);
  });

  it("keeps an alias that moved on, and drops the snapshot that ended", () => {
    expect(namesAt("2026-11-23")).toContain("o4-mini");
    expect(namesAt("2026-11-23")).not.toContain("o4-mini-2025-04-16");
  });
});
