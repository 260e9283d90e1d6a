// The adaptation of a request whose alias has moved on to a successor. No other request is adapted.

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
/** Parameters that change the meaning of the answer. */
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

/** A model that shuts down, and its successor, to which `swift` then moves on. */
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
    ["the same if supported", "low", ["none", "low", "medium"], "low"],
    ["the nearest lower", "high", ["low", "medium"], "medium"],
    ["the nearest higher", "low", ["medium", "max"], "medium"],
    ["the lower of two equally near ones, in any order", "medium", ["high", "low"], "low"],
    ["none if there is no other", "low", ["none"], "none"],
    ["any other before none", "low", ["none", "max"], "max"],
  ])("is %s", (_what, effort, known, adapted) => {
    expect(effortSent(effort, catalogOf(reasoning("low", "medium", "high"), reasoning(...known)))).toBe(adapted);
  });

  it("is dropped when the successor does not reason", () => {
    expect(sent({ reasoning_effort: "high" }, catalogOf(reasoning("high"), {}))).not.toHaveProperty("reasoning_effort");
  });

  it("is the nearest one that the successor supports", () => {
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

  it("is not adapted when the original model did not support it either", async () => {
    const catalog = catalogOf(reasoning("low"), reasoning("low", "max"));
    const error = await refusalOf(() => effortSent("huge", catalog));
    expect(error.body).toMatchObject({ code: "unsupported_value", param: "reasoning_effort" });
    expect(effortSent("max", catalog)).toBe("max");
  });

  it("is adapted when the alias fixes it, and the caller may still send the fixed value", () => {
    const catalog = catalogOf(reasoning("low", "high"), reasoning("medium"), { effort: "high" });
    expect(sent({}, catalog).reasoning_effort).toBe("medium");
    expect(effortSent("high", catalog)).toBe("medium");
  });
});

describe("a parameter that the successor does not support", () => {
  const catalog = catalogOf({}, refusing(...EVERY));

  it.each(TUNING)("is dropped when it only tunes the answer: %s", (name, value) => {
    expect(sent({ [name]: value }, catalog, "swift", BEFORE)).toMatchObject({ [name]: value });
    expect(sent({ [name]: value }, catalog)).not.toHaveProperty(name);
  });

  it.each(OTHERS)("is refused when it changes the meaning of the answer: %s", async (name, value) => {
    expect(sent({ [name]: value }, catalog, "swift", BEFORE)).toMatchObject({ [name]: value });
    const error = await refusalOf(() => sent({ [name]: value }, catalog));
    expect(error).toMatchObject({ status: 400, body: { code: "unsupported_parameter", param: name } });
  });

  it("is refused when the original model did not support it either", async () => {
    const both = catalogOf(refusing("temperature"), refusing("temperature"));
    for (const day of [BEFORE, AFTER]) {
      const error = await refusalOf(() => sent({ temperature: 0.5 }, both, "swift", day));
      expect(error.body).toMatchObject({ code: "unsupported_parameter", param: "temperature" });
    }
  });
});

it.each(["keen", "keen-1"])(
  "a request to the model %s, which has not moved on, is never adapted",
  async (requestedName) => {
    const all = Object.fromEntries([...TUNING, ...OTHERS]);
    expect(sent(all, catalogOf({}, {}), requestedName)).toMatchObject(all);
    const catalog = catalogOf(reasoning("low", "high"), { ...reasoning("medium"), ...refusing("temperature") });
    const parameter = await refusalOf(() => sent({ temperature: 0.5 }, catalog, requestedName));
    expect(parameter.body).toMatchObject({ code: "unsupported_parameter", param: "temperature" });
    const effort = await refusalOf(() => sent({ reasoning_effort: "high" }, catalog, requestedName));
    expect(effort.body).toMatchObject({ code: "unsupported_value", param: "reasoning_effort" });
  },
);
