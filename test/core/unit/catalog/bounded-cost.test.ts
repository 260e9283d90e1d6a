// A plan may allow only models whose cost one of its windows bounds.

import { describe, expect, it } from "vitest";
import { parseCatalog } from "../../../../src/core/catalog/parse.ts";

type Window = { unit: string; per: string; limit: number; models?: string[] };

const window = (unit: string, models?: string[]): Window => ({
  unit,
  per: "day",
  limit: 10,
  ...(models && { models }),
});

const card = (name: string, more: object) => ({
  provider: "house",
  name,
  modalities: { input: ["text"], output: ["text"] },
  endpoints: ["speech_generation"],
  snapshots: { [`${name}-1`]: {} },
  ...more,
});

interface Changes {
  /** Fields of the card without a price. */
  free?: object;
  /** Fields of the card at the prices of the test. */
  swift?: object;
  /** The fallback of the alias `default`. */
  fallback?: string[];
}

/** The faults of a plan that includes `models`. */
const faultsOf = (prices: object | undefined, windows: Window[], models?: string[], changes: Changes = {}) => {
  const { free = {}, swift = {}, fallback = [] } = changes;
  const parsed = parseCatalog({
    schema: 1,
    providers: { house: { base_url: "https://models.test/v1", key_variable: "HOUSE_API_KEY" } },
    cards: { swift: card("swift", { ...swift, ...(prices && { prices }) }), free: card("free", free) },
    aliases: { default: { target: "free-1", fallback }, voice: { target: "swift-1" } },
    default_plan: "basic",
    plans: { basic: { windows, concurrent: 1, max_output_tokens: 100, ...(models && { models }) } },
  });
  return parsed.ok ? [] : parsed.faults;
};

const TOKENS = { input: 1, output: 2 };
const MISSING = (unit: string) => [
  `plans.basic.windows: nothing bounds the cost of 'swift': add a window that counts ${unit}`,
];

describe("a plan is refused when it allows a model", () => {
  it.each<[string, object, Window[], string]>([
    ["by tokens, and counts requests only", TOKENS, [window("requests")], "tokens or usd"],
    ["by tokens of images only, and counts nothing", { image: { output: 3 } }, [], "tokens or usd"],
    ["by tokens of images, with free audio", { image: { output: 3 }, audio: { output: 0 } }, [], "tokens or usd"],
    ["by tokens, and counts those of another model", TOKENS, [window("tokens", ["free"])], "tokens or usd"],
    ["by minutes, and counts tokens", { minute_of_audio: 0.006 }, [window("tokens")], "usd"],
    [
      "by characters beside tokens, and counts tokens",
      { ...TOKENS, million_characters: 15 },
      [window("tokens")],
      "usd",
    ],
  ])("priced %s", (_, prices, windows, unit) => {
    expect(faultsOf(prices, windows)).toEqual(MISSING(unit));
  });

  it("under an alias alone", () => {
    expect(faultsOf(TOKENS, [], ["voice"])).toEqual(MISSING("tokens or usd"));
  });

  it("only after the shutdown of another model, as its successor", () => {
    const snapshots = { "free-1": { shutdown_date: "2027-01-01", successor: "swift-1" } };
    expect(faultsOf(TOKENS, [], ["default"], { free: { snapshots } })).toEqual(MISSING("tokens or usd"));
  });

  it("only between two shutdowns", () => {
    const free = { snapshots: { "free-1": { shutdown_date: "2027-01-01", successor: "swift-1" }, "free-2": {} } };
    const swift = { snapshots: { "swift-1": { shutdown_date: "2028-01-01", successor: "free-2" } } };
    expect(faultsOf(TOKENS, [], ["default"], { free, swift })).toEqual(MISSING("tokens or usd"));
  });

  it("only as a fallback", () => {
    expect(faultsOf(TOKENS, [], ["default"], { fallback: ["swift-1"] })).toEqual(MISSING("tokens or usd"));
  });
});

describe("a plan is accepted when it", () => {
  it.each<[string, object | undefined, Window[], string[] | undefined]>([
    ["counts the tokens of a model priced by tokens", TOKENS, [window("tokens")], undefined],
    [
      "counts the tokens of a model that can be trained",
      { million_training_tokens: 25 },
      [window("tokens")],
      undefined,
    ],
    ["counts dollars, whatever the price", { second_of_video: 0.1 }, [window("usd", ["swift"])], undefined],
    ["does not include the model", TOKENS, [], ["free"]],
    ["includes models without a price", undefined, [], undefined],
    ["includes models whose price is 0", { input: 0, output: 0 }, [], undefined],
  ])("%s", (_, prices, windows, models) => {
    expect(faultsOf(prices, windows, models)).toEqual([]);
  });
});
