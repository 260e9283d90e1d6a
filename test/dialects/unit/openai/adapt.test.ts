// How a request is adapted when its alias has moved on to a successor, and that nothing is adapted otherwise.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Catalog } from "../../../../src/core/catalog/schema.ts";
import type { Document } from "../../../support/catalog-documents.ts";
import { cardDocument, catalogDocument, complete } from "../../../support/catalog-documents.ts";
import { refusalOf } from "../../../support/refusals.ts";
import { gatedChat } from "../../support/chat-requests.ts";

const EFFORTS = ["none", "minimal", "low", "medium", "high", "xhigh", "max"];
/** Parameters that only tune the answer. */
const TUNING: [string, unknown][] = [
  ["temperature", 0.5],
  ["top_p", 0.5],
  ["presence_penalty", 1],
  ["frequency_penalty", 1],
  ["parallel_tool_calls", false],
  ["seed", 7],
  ["verbosity", "low"],
];
/** Parameters without which the answer would be a different one. */
const OTHERS: [string, unknown][] = [
  ["stop", "\n"],
  ["logit_bias", { 1: 1 }],
  ["logprobs", true],
  ["prediction", { type: "content", content: "a" }],
  ["tools", [{ type: "function", function: { name: "look" } }]],
  ["tool_choice", "required"],
  ["functions", [{ name: "look" }]],
  ["response_format", { type: "json_object" }],
  ["user", "someone"],
];
const EVERY = [...TUNING, ...OTHERS].map(([name]) => name);
const FEATURES = ["streaming", "function_calling", "structured_outputs", "predicted_outputs"];

const BEFORE = "2026-01-31";
const AFTER = "2026-02-01";

/** A model that ends, and the one that `swift` then moves on to. */
function catalogOf(ended: Document, successor: Document, alias: Document = {}): Catalog {
  const swift = { "swift-1": { shutdown_date: AFTER, successor: "keen" } };
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
const sent = (changes: Document, catalog: Catalog, requestedName = "swift", day = AFTER) =>
  gatedChat(changes, { catalog, requestedName, day });
const effortSent = (effort: string, catalog: Catalog) => sent({ reasoning_effort: effort }, catalog).reasoning_effort;

describe("the effort for a successor", () => {
  it.each([
    ["the same where it knows that", "low", ["none", "low", "medium"], "low"],
    ["the nearest lower", "high", ["low", "medium"], "medium"],
    ["the nearest higher", "low", ["medium", "max"], "medium"],
    ["the lower of two that are equally near, in any order", "medium", ["high", "low"], "low"],
    ["none at the least", "low", ["none"], "none"],
    ["any other rather than none", "low", ["none", "max"], "max"],
  ])("is %s", (_what, effort, known, adapted) => {
    expect(effortSent(effort, catalogOf(reasoning("low", "medium", "high"), reasoning(...known)))).toBe(adapted);
  });

  it("is left out where the successor does not reason", () => {
    expect(sent({ reasoning_effort: "high" }, catalogOf(reasoning("high"), {}))).not.toHaveProperty("reasoning_effort");
  });

  it("is one that the successor knows, and none is nearer", () => {
    const some = fc.uniqueArray(fc.constantFrom(...EFFORTS), { minLength: 1 });
    const property = fc.property(some, some, (ended, known) => {
      const catalog = catalogOf(reasoning(...ended), reasoning(...known));
      for (const effort of ended) {
        const distance = (other: string) =>
          other === "none" && effort !== "none"
            ? EFFORTS.length
            : Math.abs(EFFORTS.indexOf(other) - EFFORTS.indexOf(effort));
        const adapted = String(effortSent(effort, catalog));
        expect(known).toContain(adapted);
        expect(distance(adapted)).toBe(Math.min(...known.map(distance)));
      }
    });
    fc.assert(property, { numRuns: 100 });
  });

  it("is not adapted where the ended model did not know it either", async () => {
    const catalog = catalogOf(reasoning("low"), reasoning("low", "max"));
    const error = await refusalOf(() => effortSent("huge", catalog));
    expect(error.body).toMatchObject({ code: "unsupported_value", param: "reasoning_effort" });
    expect(effortSent("max", catalog)).toBe("max");
  });

  it("is adapted when the alias fixes it, and the caller may still name the fixed one", () => {
    const catalog = catalogOf(reasoning("low", "high"), reasoning("medium"), { effort: "high" });
    expect(sent({}, catalog).reasoning_effort).toBe("medium");
    expect(effortSent("high", catalog)).toBe("medium");
  });
});

describe("a parameter that the successor refuses", () => {
  const catalog = catalogOf({}, refusing(...EVERY));

  it.each(TUNING)("is left out where it only tunes the answer: %s", (name, value) => {
    expect(sent({ [name]: value }, catalog, "swift", BEFORE)).toMatchObject({ [name]: value });
    expect(sent({ [name]: value }, catalog)).not.toHaveProperty(name);
  });

  it.each(OTHERS)("is refused where the answer would be a different one without it: %s", async (name, value) => {
    expect(sent({ [name]: value }, catalog, "swift", BEFORE)).toMatchObject({ [name]: value });
    const error = await refusalOf(() => sent({ [name]: value }, catalog));
    expect(error).toMatchObject({ status: 400, body: { code: "unsupported_parameter", param: name } });
  });

  it("is refused where the ended model refused it as well", async () => {
    const both = catalogOf(refusing("temperature"), refusing("temperature"));
    for (const day of [BEFORE, AFTER]) {
      const error = await refusalOf(() => sent({ temperature: 0.5 }, both, "swift", day));
      expect(error.body).toMatchObject({ code: "unsupported_parameter", param: "temperature" });
    }
  });
});

describe("a request to a model that has not moved on", () => {
  it.each(["keen", "keen-1"])(
    "is refused for a parameter or an effort that the model does not take: %s",
    async (requestedName) => {
      const catalog = catalogOf(reasoning("low", "high"), { ...reasoning("medium"), ...refusing("temperature") });
      const parameter = await refusalOf(() => sent({ temperature: 0.5 }, catalog, requestedName));
      expect(parameter.body).toMatchObject({ code: "unsupported_parameter", param: "temperature" });
      const effort = await refusalOf(() => sent({ reasoning_effort: "high" }, catalog, requestedName));
      expect(effort.body).toMatchObject({ code: "unsupported_value", param: "reasoning_effort" });
    },
  );

  it("is sent as it is where the model takes it all", () => {
    const all = Object.fromEntries([...TUNING, ...OTHERS]);
    expect(sent(all, catalogOf({}, {}), "keen")).toMatchObject(all);
  });
});

it("the bundled o4-mini keeps its efforts on gpt-5-mini, and refuses tools on gpt-6.1-terra", async () => {
  const tools = [{ type: "function", function: { name: "look" } }];
  const later = { requestedName: "o4-mini", day: "2026-11-23" };
  for (const reasoning_effort of ["low", "medium", "high"]) {
    expect(gatedChat({ reasoning_effort, tools }, later)).toMatchObject({
      model: "gpt-5-mini-2025-08-07",
      reasoning_effort,
      tools,
    });
  }
  const error = await refusalOf(() => gatedChat({ tools }, { requestedName: "o4-mini", day: "2026-12-11" }));
  expect(error.body).toMatchObject({ code: "unsupported_parameter", param: "tools" });
});
