// What becomes of a request whose alias has moved on: what the ended model took still gets an answer, and nothing is
// adapted for a model that is what was asked for.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Catalog } from "../../../../src/core/catalog/schema.ts";
import type { Document } from "../../../support/catalog-documents.ts";
import { cardDocument, catalogDocument, complete } from "../../../support/catalog-documents.ts";
import { gatedChat } from "../../support/chat-requests.ts";
import { refusalOf } from "../../../support/refusals.ts";

const EFFORTS = ["none", "minimal", "low", "medium", "high", "xhigh", "max"];
const TUNING: [string, unknown][] = [
  ["temperature", 0.5],
  ["top_p", 0.5],
  ["presence_penalty", 1],
  ["frequency_penalty", 1],
  ["parallel_tool_calls", false],
  ["seed", 7],
  ["verbosity", "low"],
];
const OTHERS: [string, unknown][] = [
  ["stop", "\n"],
  ["logit_bias", { 1: 1 }],
  ["logprobs", true],
  ["top_logprobs", 3],
  ["prediction", { type: "content", content: "a" }],
  ["tools", [{ type: "function", function: { name: "look" } }]],
  ["tool_choice", "required"],
  ["functions", [{ name: "look" }]],
  ["response_format", { type: "json_object" }],
  ["user", "someone"],
];
const EVERY = [...TUNING, ...OTHERS].map(([name]) => name);
const FEATURES = ["streaming", "function_calling", "structured_outputs", "predicted_outputs"];

const before = "2026-01-31";
const after = "2026-02-01";

/** A model that ends, and the one that `swift` then moves on to. */
function catalogOf(ended: Document, successor: Document, alias: Document = {}): Catalog {
  const swift = { "swift-1": { shutdown_date: after, successor: "keen" } };
  return complete(
    catalogDocument({
      cards: {
        swift: cardDocument(swift, { features: FEATURES, ...ended }),
        keen: cardDocument({ "keen-1": {} }, { features: FEATURES, ...successor }),
      },
      aliases: { default: { target: "swift" }, swift: { target: "swift-1", ...alias }, keen: { target: "keen-1" } },
    }),
  );
}
const reasoning = (...efforts: string[]) => ({ reasoning: { efforts } });
const refusing = (...names: string[]) => ({ refuses: { chat_completions: names } });
const effortSent = (effort: string, catalog: Catalog, day = after) =>
  gatedChat({ reasoning_effort: effort }, { catalog, asked: "swift", day }).reasoning_effort;

describe("the effort for a successor", () => {
  it.each([
    ["the same where it knows that", "low", ["none", "low", "medium"], "low"],
    ["the nearest lower", "high", ["low", "medium"], "medium"],
    ["the nearest higher", "low", ["medium", "max"], "medium"],
    ["the lower of two that are as near", "medium", ["low", "high"], "low"],
    ["the lower of two that are as near, however they are listed", "medium", ["high", "low"], "low"],
    ["the nearest, though that is higher", "medium", ["none", "high"], "high"],
    ["none at the least", "low", ["none"], "none"],
    ["anything rather than none", "low", ["none", "max"], "max"],
    ["minimal rather than none", "low", ["none", "minimal"], "minimal"],
  ])("is %s", (_what, effort, known, sent) => {
    expect(effortSent(effort, catalogOf(reasoning("low", "medium", "high"), reasoning(...known)))).toBe(sent);
  });

  it("is left out where the successor does not reason", () => {
    const sent = gatedChat(
      { reasoning_effort: "high" },
      { catalog: catalogOf(reasoning("high"), {}), asked: "swift", day: after },
    );
    expect(sent).not.toHaveProperty("reasoning_effort");
  });

  it("is one that the successor knows, and none is nearer", () => {
    const some = fc.uniqueArray(fc.constantFrom(...EFFORTS), { minLength: 1 });
    const property = fc.property(some, some, (ended, known) => {
      const catalog = catalogOf(reasoning(...ended), reasoning(...known));
      for (const effort of ended) {
        const sent = String(effortSent(effort, catalog));
        // Not to reason at all is the last choice.
        const distance = (other: string) =>
          other === "none" && effort !== "none"
            ? EFFORTS.length
            : Math.abs(EFFORTS.indexOf(other) - EFFORTS.indexOf(effort));
        expect(known).toContain(sent);
        expect(distance(sent)).toBe(Math.min(...known.map(distance)));
      }
    });
    fc.assert(property, { numRuns: 300 });
  });

  it("is refused where the ended model did not know it either, as one of the successor's", async () => {
    const catalog = catalogOf(reasoning("low"), reasoning("low", "medium"));
    const error = await refusalOf(() =>
      gatedChat({ reasoning_effort: "huge" }, { catalog, asked: "swift", day: after }),
    );
    expect(error.body).toMatchObject({ code: "unsupported_value", param: "reasoning_effort" });
    expect(error.body.message).toMatch(/ The efforts of 'swift': low, medium\.$/);
  });

  it("may be one that only the successor knows", () => {
    expect(effortSent("max", catalogOf(reasoning("low"), reasoning("low", "max")))).toBe("max");
  });

  it("is adapted when an alias has fixed it, too, and a caller may still name what is fixed", () => {
    const catalog = catalogOf(reasoning("low", "high"), reasoning("medium"), { effort: "high" });
    const asking = { catalog, asked: "swift", day: after };
    expect(gatedChat({}, asking).reasoning_effort).toBe("medium");
    expect(gatedChat({ reasoning_effort: "high" }, asking).reasoning_effort).toBe("medium");
  });
});

describe("a parameter that the successor refuses", () => {
  const catalog = catalogOf({}, refusing(...EVERY));
  const asking = { catalog, asked: "swift", day: after };

  it.each(TUNING)("is left out where it only tunes the answer: %s", (name, value) => {
    expect(gatedChat({ [name]: value }, { ...asking, day: before })).toMatchObject({ [name]: value });
    expect(gatedChat({ [name]: value }, asking)).not.toHaveProperty(name);
  });

  it.each(OTHERS)("is refused where the answer would be another one without it: %s", async (name, value) => {
    expect(gatedChat({ [name]: value }, { ...asking, day: before })).toMatchObject({ [name]: value });
    const error = await refusalOf(() => gatedChat({ [name]: value }, asking));
    expect(error).toMatchObject({ status: 400, body: { code: "unsupported_parameter", param: name } });
  });

  it.each(TUNING)("is refused where the ended model refused it as well: %s", async (name, value) => {
    const both = catalogOf(refusing(name), refusing(name));
    for (const day of [before, after]) {
      const error = await refusalOf(() => gatedChat({ [name]: value }, { catalog: both, asked: "swift", day }));
      expect(error.body).toMatchObject({ code: "unsupported_parameter", param: name });
    }
  });

  it("is not counted as input once it is left out", () => {
    expect(gatedChat({ temperature: 0.5, seed: 7 }, asking)).toEqual(gatedChat({}, asking));
  });
});

describe("a request to a model that has not moved", () => {
  it.each(TUNING)("is refused for a parameter that the model refuses: %s", async (name, value) => {
    const catalog = catalogOf({}, refusing(name));
    for (const asked of ["keen", "keen-1"]) {
      const error = await refusalOf(() => gatedChat({ [name]: value }, { catalog, asked, day: after }));
      expect(error.body).toMatchObject({ code: "unsupported_parameter", param: name });
    }
  });

  it("is refused for an effort that the model does not know, however near another is", async () => {
    const catalog = catalogOf(reasoning("low", "high"), reasoning("medium"));
    for (const [asked, effort, day] of [
      ["swift", "medium", before],
      ["keen", "high", after],
      ["keen-1", "low", after],
    ] as const) {
      const error = await refusalOf(() => gatedChat({ reasoning_effort: effort }, { catalog, asked, day }));
      expect(error.body).toMatchObject({ code: "unsupported_value", param: "reasoning_effort" });
    }
  });

  it("is sent as it is where the model takes it all", () => {
    const all = Object.fromEntries([...TUNING, ...OTHERS]);
    const catalog = catalogOf(reasoning(...EFFORTS), reasoning(...EFFORTS));
    expect(gatedChat(all, { catalog, asked: "keen", day: after })).toMatchObject(all);
    for (const effort of EFFORTS) expect(effortSent(effort, catalog)).toBe(effort);
  });
});

describe("the bundled o4-mini, once it has moved on", () => {
  it("goes on taking what it took, from gpt-5-mini", () => {
    const asking = { asked: "o4-mini", day: "2026-11-23" };
    for (const reasoning_effort of ["low", "medium", "high"]) {
      expect(gatedChat({ reasoning_effort }, asking)).toMatchObject({
        model: "gpt-5-mini-2025-08-07",
        reasoning_effort,
      });
    }
    const tools = [{ type: "function", function: { name: "look" } }];
    expect(gatedChat({ tools, stream: true, seed: 7 }, asking)).toMatchObject({ tools, stream: true, seed: 7 });
  });

  it("refuses tools from gpt-6.1-terra rather than to answer without them", async () => {
    const tools = [{ type: "function", function: { name: "look" } }];
    const error = await refusalOf(() => gatedChat({ tools }, { asked: "o4-mini", day: "2026-12-11" }));
    expect(error.body).toMatchObject({ code: "unsupported_parameter", param: "tools" });
  });

  it("keeps a fixed effort and its limit under the alias that falls back", () => {
    expect(gatedChat({}, { asked: "fast", day: "2026-12-11" })).toMatchObject({
      model: "gpt-6.1-terra",
      reasoning_effort: "low",
    });
  });
});
