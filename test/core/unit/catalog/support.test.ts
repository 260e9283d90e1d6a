// Needs of a request checked against the model's card. A refusal uses the caller's field and names supporting models.

import { describe, expect, it } from "vitest";
import type { Modality } from "../../../../src/core/catalog/card.ts";
import { MODALITIES } from "../../../../src/core/catalog/card.ts";
import { chooseModel } from "../../../../src/core/catalog/choose.ts";
import type { Endpoint } from "../../../../src/core/catalog/endpoints.ts";
import { ENDPOINTS } from "../../../../src/core/catalog/endpoints.ts";
import type { Catalog } from "../../../../src/core/catalog/schema.ts";
import type { Need } from "../../../../src/core/catalog/support.ts";
import { modelsOf, requireSupport, supports } from "../../../../src/core/catalog/support.ts";
import type { Document } from "../../../support/catalog-documents.ts";
import { bundledCatalog, cardDocument, catalogDocument, complete } from "../../../support/catalog-documents.ts";
import { refusalOf } from "../../../support/refusals.ts";

const BUNDLED = bundledCatalog();
const NOW = Date.parse("2026-10-01");
const AFTER = Date.parse("2026-11-23");

const FULL = {
  modalities: { input: ["text", "image"], output: ["text", "audio", "image", "video"] },
  image_tokens: 1000,
  reasoning: { efforts: ["low", "high"] },
  features: ["streaming", "function_calling", "structured_outputs", "predicted_outputs"],
  tools: ["web_search"],
};

/** `plain` only chats, `full` supports everything, `vectors` only embeds. */
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
const can = (catalog: Catalog, requestedName: string, ...needs: Need[]) =>
  supports(catalog, modelOf(catalog, requestedName), needs);
const refusalTo = async (catalog: Catalog, requestedName: string, needs: Need[], now = NOW) =>
  (await refusalOf(() => requireSupport(catalog, modelOf(catalog, requestedName, now), needs, now))).body;
/** The names in a refusal's "Models that do: …". */
const namedIn = ({ message }: { message: string }): string[] =>
  /Models that do: ([^ ]+(?:, [^ ]+)*)\.(?: |$)/.exec(message)?.[1]?.split(", ") ?? [];

const endpoint = (name: Endpoint): Need => ({ kind: "endpoint", endpoint: name, param: "model" });
const param = "field";
const topP: Need = { kind: "parameter", endpoint: "chat_completions", name: "top_p", param };
const image: Need = { kind: "input", modality: "image", param };
const huge: Need = { kind: "effort", effort: "huge", param };

describe("an unsupported need", () => {
  it.each<[Need, "value" | "parameter", string]>([
    [{ kind: "feature", feature: "streaming", param }, "value", "Streaming"],
    [{ kind: "feature", feature: "function_calling", param }, "parameter", "Function calling"],
    [{ kind: "feature", feature: "structured_outputs", param }, "value", "Structured outputs"],
    [{ kind: "feature", feature: "predicted_outputs", param }, "parameter", "Predicted outputs"],
    [image, "value", "Image input"],
    [{ kind: "output", modality: "audio", param }, "value", "Audio output"],
    [{ kind: "effort", effort: "low", param }, "value", "the effort 'low'"],
    [{ kind: "tool", tool: "web_search", param }, "value", "Web search"],
    [topP, "parameter", "'field' on Chat Completions"],
  ])("is refused with a model that supports it: %j", async (need, code, title) => {
    const body = await refusalTo(CATALOG, "plain", [endpoint("chat_completions"), need]);
    expect(body).toMatchObject({ code: `unsupported_${code}`, param });
    expect(body.message).toContain(`The model 'plain' does not support ${title}. Models that do: full.`);
    expect(can(CATALOG, "full", need)).toBe(true);
  });

  it("can be the exact count, unless the provider counts", async () => {
    const need: Need = { kind: "count", param: "model" };
    expect((await refusalTo(CATALOG, "plain", [need])).message).toContain("the counting of tokens");
    expect(can(BUNDLED, "o4-mini", need)).toBe(true);
  });

  it.each<[string, Need, string]>([
    ["plain", topP, "'field' on Chat Completions. Models that do: full, vectors-1. Leave it out."],
    ["full", huge, "the effort 'huge'. No model here does. The efforts of 'full': low, high."],
    ["plain", huge, "the effort 'huge'. No model here does. It does not reason: leave it out."],
  ])("has a hint: '%s' %j", async (requestedName, need, message) => {
    const expected = `The model '${requestedName}' does not support ${message}`;
    expect((await refusalTo(CATALOG, requestedName, [need])).message).toBe(expected);
  });

  it("names the snapshot that answers now, when the alias has moved on", async () => {
    const { message } = await refusalTo(BUNDLED, "o4-mini", [huge], AFTER);
    expect(message).toContain("The model 'o4-mini', now gpt-5-mini-2025-08-07, does not support");
  });
});

it("a model has only the endpoints that both its provider and its card have", async () => {
  const house = { base_url: "https://models.test/v1", key_variable: "HOUSE_API_KEY" };
  const served = (...endpoints: Endpoint[]) =>
    catalogOf({ provider: "other" }, { providers: { house, other: { ...house, endpoints } } });
  const body = await refusalTo(served("responses"), "plain", [endpoint("chat_completions")]);
  expect(body).toMatchObject({ code: "unsupported_value", param: "model" });
  expect(namedIn(body)).toEqual(["full"]);
  const catalog = served("chat_completions", "embeddings");
  expect(can(catalog, "plain", endpoint("embeddings"))).toBe(false);
  expect(can(catalog, "plain", endpoint("chat_completions"))).toBe(true);
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
    { kind: "fact", title: "image output", isMetBy: (card) => card.image_output !== undefined, param },
  ];

  it("support it, for every need and every bundled model", async () => {
    for (const { requestedName } of modelsOf(BUNDLED, NOW)) {
      for (const need of needs.filter((each) => !can(BUNDLED, requestedName, each))) {
        const body = await refusalTo(BUNDLED, requestedName, [need]);
        const named = namedIn(body);
        expect(named.filter((name) => !can(BUNDLED, name, need))).toEqual([]);
        expect(named.length > 0 || body.message.includes("No model here does.")).toBe(true);
      }
    }
  });

  it("support the whole request if any do, and else its endpoint and the need", async () => {
    const calling: Need = { kind: "feature", feature: "function_calling", param };
    const all = [endpoint("chat_completions"), image, calling];
    const named = namedIn(await refusalTo(BUNDLED, "o3-mini", all));
    expect(named).toContain("o4-mini");
    expect(named.filter((name) => !can(BUNDLED, name, ...all))).toEqual([]);
    const structured: Need = { kind: "feature", feature: "structured_outputs", param };
    expect(namedIn(await refusalTo(CATALOG, "plain", [endpoint("chat_completions"), structured, huge]))).toEqual([
      "full",
    ]);
  });

  it.each([
    [NOW, ["o4-mini", "gpt-5-mini", "gpt-4.1-mini", "o3", "o3-mini", "gpt-6.1-terra", "gpt-6.1-sol"]],
    // Without those that have ended, and without aliases that have moved on.
    [AFTER, ["gpt-5-mini", "gpt-4.1-mini", "o3", "gpt-6.1-terra", "gpt-6.1-sol"]],
  ])("are each named once, by the card's own name, at %d", async (now, names) => {
    const mute = cardDocument({ "mute-1": {} }, { endpoints: ["realtime"] });
    const { cards } = complete(catalogDocument({ cards: { mute }, aliases: { default: { target: "mute-1" } } }));
    const catalog = { ...BUNDLED, cards: { ...BUNDLED.cards, ...cards } };
    const named = namedIn(await refusalTo(catalog, "mute-1", [endpoint("chat_completions")], now));
    expect(named.toSorted()).toEqual(names.toSorted());
  });
});

it("the list of models has every live name, aliases first", () => {
  const namesAt = (now: number) => modelsOf(BUNDLED, now).map(({ requestedName }) => requestedName);
  const aliases = Object.keys(BUNDLED.aliases);
  expect(namesAt(NOW).slice(0, aliases.length)).toEqual(aliases);
  expect(namesAt(NOW)).toContain("o4-mini-2025-04-16");
  expect(namesAt(AFTER)).toContain("o4-mini");
  expect(namesAt(AFTER)).not.toContain("o4-mini-2025-04-16");
});
