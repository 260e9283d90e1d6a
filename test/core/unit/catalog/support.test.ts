// What a request needs, held against the model's card: a refusal uses the caller's field and names models that can.

import { describe, expect, it } from "vitest";
import { MODALITIES } from "../../../../src/core/catalog/card.ts";
import type { Modality } from "../../../../src/core/catalog/card.ts";
import { chooseModel } from "../../../../src/core/catalog/choose.ts";
import { ENDPOINTS } from "../../../../src/core/catalog/endpoints.ts";
import type { Endpoint } from "../../../../src/core/catalog/endpoints.ts";
import type { Catalog } from "../../../../src/core/catalog/schema.ts";
import type { Need } from "../../../../src/core/catalog/support.ts";
import { modelsOf, requireSupport, supports } from "../../../../src/core/catalog/support.ts";
import type { Document } from "../../../support/catalog-documents.ts";
import { bundledCatalog, cardDocument, catalogDocument, complete } from "../../../support/catalog-documents.ts";
import { modelsNamed } from "../../../support/gating.ts";
import { refusalOf } from "../../../support/refusals.ts";

const BUNDLED = bundledCatalog();
const NOW = Date.parse("2026-10-01");
const AFTER = Date.parse("2026-11-23");

/** A model that only chats, one that can do everything, and one that only embeds. */
const FULL = {
  modalities: { input: ["text", "image"], output: ["text", "audio", "image", "video"] },
  image_tokens: 1000,
  reasoning: { efforts: ["low", "high"] },
  features: ["streaming", "function_calling", "structured_outputs", "predicted_outputs"],
  tools: ["web_search"],
};

function catalogOf(plain: Document, changes: Document = {}): Catalog {
  const cards = {
    plain: cardDocument({ "plain-1": {} }, plain),
    full: cardDocument({ "full-1": {} }, FULL),
    vectors: cardDocument({ "vectors-1": {} }, { ...FULL, endpoints: ["embeddings"] }),
  };
  const aliases = { default: { target: "plain-1" }, plain: { target: "plain-1" }, full: { target: "full-1" } };
  return complete(catalogDocument({ cards, aliases, ...changes }));
}
const CATALOG = catalogOf({ refuses: { chat_completions: ["top_p"] } });

const modelOf = (catalog: Catalog, requestedName: string, now = NOW) => chooseModel(catalog, requestedName, now).model;
const can = (catalog: Catalog, requestedName: string, ...needs: Need[]) => supports(catalog, modelOf(catalog, requestedName), needs);
const refusalTo = (catalog: Catalog, requestedName: string, needs: Need[], now = NOW) =>
  refusalOf(() => requireSupport(catalog, modelOf(catalog, requestedName, now), needs, now));

const endpoint = (name: Endpoint): Need => ({ kind: "endpoint", endpoint: name, param: "model" });
const param = "field";

describe("a need that the card lacks", () => {
  it.each<[Need, "value" | "parameter", string]>([
    [{ kind: "feature", feature: "streaming", param }, "value", "Streaming"],
    [{ kind: "feature", feature: "function_calling", param }, "parameter", "Function calling"],
    [{ kind: "feature", feature: "structured_outputs", param }, "value", "Structured outputs"],
    [{ kind: "feature", feature: "predicted_outputs", param }, "parameter", "Predicted outputs"],
    [{ kind: "input", modality: "image", param }, "value", "Image input"],
    [{ kind: "output", modality: "audio", param }, "value", "Audio output"],
    [{ kind: "effort", effort: "low", param }, "value", "the effort 'low'"],
    [{ kind: "tool", tool: "web_search", param }, "value", "Web search"],
    [
      { kind: "parameter", endpoint: "chat_completions", name: "top_p", param },
      "parameter",
      "'field' on Chat Completions",
    ],
  ])("is refused, naming the model that has it: %j", async (need, code, title) => {
    const error = await refusalTo(CATALOG, "plain", [endpoint("chat_completions"), need]);
    expect(error).toMatchObject({ status: 400, body: { code: `unsupported_${code}`, param } });
    expect(error.body.message).toContain(`The model 'plain' does not support ${title}. Models that do: full.`);
    expect(can(CATALOG, "full", need)).toBe(true);
  });

  it("is the endpoint, for a model that does not chat", async () => {
    const error = await refusalTo(CATALOG, "vectors-1", [endpoint("chat_completions")]);
    expect(error.body).toMatchObject({ code: "unsupported_value", param: "model" });
    expect(error.body.message).toMatch(/^The model 'vectors-1' does not support Chat Completions\. Models that do: /);
  });

  it("is the exact count, unless the provider counts", async () => {
    const need: Need = { kind: "count", param: "model" };
    expect((await refusalTo(CATALOG, "plain", [need])).body.message).toContain("the counting of tokens");
    expect(can(BUNDLED, "o4-mini", need)).toBe(true);
  });

  it.each<[string, Need, string]>([
    [
      "plain",
      { kind: "parameter", endpoint: "chat_completions", name: "top_p", param },
      "The model 'plain' does not support 'field' on Chat Completions. Models that do: full, vectors-1. Leave it out.",
    ],
    [
      "full",
      { kind: "effort", effort: "huge", param },
      "The model 'full' does not support the effort 'huge'. No model here does. The efforts of 'full': low, high.",
    ],
    [
      "plain",
      { kind: "effort", effort: "huge", param },
      "The model 'plain' does not support the effort 'huge'. No model here does. It does not reason: leave it out.",
    ],
  ])("comes with advice: '%s' %j", async (requestedName, need, message) => {
    expect((await refusalTo(CATALOG, requestedName, [need])).body.message).toBe(message);
  });

  it("names the snapshot that answers now, where the model has moved on", async () => {
    const error = await refusalTo(BUNDLED, "o4-mini", [{ kind: "effort", effort: "huge", param }], AFTER);
    expect(error.body.message).toContain("The model 'o4-mini', now gpt-5-mini-2025-08-07, does not support");
  });
});

describe("a provider that serves some endpoints only", () => {
  const house = { base_url: "https://models.test/v1", key_variable: "HOUSE_API_KEY" };
  const served = (...endpoints: Endpoint[]) =>
    catalogOf({ provider: "other" }, { providers: { house, other: { ...house, endpoints } } });

  it("makes its models refuse the others, whatever their cards say", async () => {
    const error = await refusalTo(served("responses"), "plain", [endpoint("chat_completions")]);
    expect(error.body).toMatchObject({ code: "unsupported_value", param: "model" });
    expect(modelsNamed(error.body.message)).toEqual(["full"]);
    expect(can(served(), "plain", endpoint("chat_completions"))).toBe(false);
  });

  it("gives its models no endpoint that their cards lack", () => {
    const catalog = served("chat_completions", "embeddings");
    expect(can(catalog, "plain", endpoint("embeddings"))).toBe(false);
    expect(can(catalog, "plain", endpoint("chat_completions"))).toBe(true);
  });
});

describe("the models that a refusal names", () => {
  const needs: Need[] = [
    ...Object.keys(ENDPOINTS).map((name) => endpoint(name as Endpoint)),
    ...Object.keys(MODALITIES).flatMap((name): Need[] => [
      { kind: "input", modality: name as Modality, param },
      { kind: "output", modality: name as Modality, param },
    ]),
    { kind: "feature", feature: "fine_tuning", param },
    { kind: "effort", effort: "none", param },
    { kind: "parameter", endpoint: "chat_completions", name: "parallel_tool_calls", param },
  ];

  it("can do it, for every need and every bundled model", async () => {
    for (const { requestedName } of modelsOf(BUNDLED, NOW)) {
      for (const need of needs.filter((each) => !can(BUNDLED, requestedName, each))) {
        const { message } = (await refusalTo(BUNDLED, requestedName, [need])).body;
        const named = modelsNamed(message);
        expect(named.filter((name) => !can(BUNDLED, name, need))).toEqual([]);
        expect(named.length > 0 || message.includes("No model here does.")).toBe(true);
      }
    }
  });

  it("have all else that the request needs, where there are such", async () => {
    const all: Need[] = [
      endpoint("chat_completions"),
      { kind: "input", modality: "image", param },
      { kind: "feature", feature: "function_calling", param },
    ];
    const named = modelsNamed((await refusalTo(BUNDLED, "o3-mini", all)).body.message);
    expect(named).toContain("o4-mini");
    expect(named.filter((name) => !can(BUNDLED, name, ...all))).toEqual([]);
  });

  it("have at least the endpoint, where no model has all of it", async () => {
    const all: Need[] = [
      endpoint("chat_completions"),
      { kind: "feature", feature: "structured_outputs", param },
      { kind: "effort", effort: "huge", param },
    ];
    expect(modelsNamed((await refusalTo(CATALOG, "plain", all)).body.message)).toEqual(["full"]);
  });

  it.each([
    [NOW, ["o4-mini", "gpt-5-mini", "o3", "o3-mini", "gpt-6.1-terra", "gpt-6.1-sol"]],
    // Neither those that have ended, nor aliases that have moved on.
    [AFTER, ["gpt-5-mini", "o3", "gpt-6.1-terra", "gpt-6.1-sol"]],
  ])("are each named once, by the card's own name, at %d", async (now, names) => {
    const named = modelsNamed(
      (await refusalTo(BUNDLED, "whisper-1", [endpoint("chat_completions")], now)).body.message,
    );
    expect(named.toSorted()).toEqual(names.toSorted());
  });
});

const namesAt = (now: number) => modelsOf(BUNDLED, now).map(({ requestedName }) => requestedName);

describe("the list of models", () => {
  it("has every name that answers, the aliases first", () => {
    const aliases = Object.keys(BUNDLED.aliases);
    expect(namesAt(NOW).slice(0, aliases.length)).toEqual(aliases);
    expect(namesAt(NOW)).toContain("o4-mini-2025-04-16");
    expect(namesAt(NOW)).not.toContain("sora-2");
  });

  it("keeps an alias that moved on, and drops the snapshot that ended", () => {
    expect(namesAt(AFTER)).toContain("o4-mini");
    expect(namesAt(AFTER)).not.toContain("o4-mini-2025-04-16");
  });
});
