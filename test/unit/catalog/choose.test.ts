// What a caller gets of the catalog: a plan, a model, and refusals that say what to ask for instead.

import { describe, expect, it } from "vitest";
import { chooseModel, choosePlan, modelHeaders, requireEndpoint } from "../../../src/catalog/choose.ts";
import { resolveModel } from "../../../src/catalog/resolve.ts";
import {
  bundledCatalog,
  bundledModel,
  cardDocument,
  catalogDocument,
  complete,
} from "../../support/catalog-documents.ts";
import { refusalOf } from "../../support/refusals.ts";

const PLAN = { windows: [], max_output_tokens: 100 };
const CATALOG = {
  ...bundledCatalog(),
  plans: { free: { ...PLAN, concurrent: 2 }, pro: { ...PLAN, concurrent: 8 } },
  default_plan: "free",
};
const at = (day: string) => Date.parse(`${day}T12:00:00Z`);

describe("a plan", () => {
  it("is the one that the token claims", () => {
    expect(choosePlan(CATALOG, "pro")).toMatchObject({ name: "pro", plan: { concurrent: 8 } });
  });

  it.each([undefined, "", "platinum", "constructor", "__proto__", "toString", "PRO"])(
    "is the default one for a claim that names none: %s",
    (claimed) => {
      expect(choosePlan(CATALOG, claimed)).toMatchObject({ name: "free", plan: { concurrent: 2 } });
    },
  );
});

describe("a model", () => {
  it("is chosen by the day of the moment", () => {
    const lastMoment = Date.parse("2026-10-23T00:00:00Z") - 1;
    expect(chooseModel(CATALOG, "o4-mini", lastMoment).model.snapshot).toBe("o4-mini-2025-04-16");
    expect(chooseModel(CATALOG, "o4-mini", lastMoment + 1).model.snapshot).toBe("gpt-5-mini-2025-08-07");
  });

  it.each(["gpt-9", "constructor", "__proto__"])(
    "that there is not is 404, and says where to look: %s",
    async (asked) => {
      const error = await refusalOf(() => chooseModel(CATALOG, asked, at("2026-11-23")));
      expect(error).toMatchObject({ status: 404, body: { code: "model_not_found", param: "model" } });
      expect(error.body.message).toBe(`There is no model '${asked}'. GET /v1/models lists those that there are.`);
    },
  );

  it("that has ended is 404, and names its successor", async () => {
    const error = await refusalOf(() => chooseModel(CATALOG, "o4-mini-2025-04-16", at("2026-11-23")));
    expect(error).toMatchObject({ status: 404, body: { code: "model_not_found", param: "model" } });
    expect(error.body.message).toBe(
      "The model 'o4-mini-2025-04-16' was shut down on 2026-10-23. Use 'gpt-5-mini' instead.",
    );
  });

  it("that has ended without a successor is 404, and says where to look", async () => {
    const error = await refusalOf(() => chooseModel(CATALOG, "sora-2", at("2026-11-23")));
    expect(error.body.message).toBe(
      "The model 'sora-2' was shut down on 2026-09-24. GET /v1/models lists those that there are.",
    );
  });

  it("under a strict alias that has ended is 404, and names the snapshot and its successor", async () => {
    const strict = complete(
      catalogDocument({
        cards: {
          swift: cardDocument({ "swift-1": { shutdown_date: "2026-02-01", successor: "swift-2" }, "swift-2": {} }),
        },
        aliases: { frozen: { target: "swift-1", strict: true } },
      }),
    );
    const error = await refusalOf(() => chooseModel(strict, "frozen", at("2026-02-01")));
    expect(error.body.message).toBe("The model 'swift-1' was shut down on 2026-02-01. Use 'swift-2' instead.");
  });
});

describe("the headers", () => {
  it("name who answers, when the model that was meant ends, and when that was announced", () => {
    const { model, sunset } = chooseModel(CATALOG, "o4-mini", at("2026-11-23"));
    expect(modelHeaders(model, sunset)).toEqual({
      "weir-model": "gpt-5-mini-2025-08-07",
      sunset: "Fri, 23 Oct 2026 00:00:00 GMT",
      deprecation: `@${Date.UTC(2026, 3, 22) / 1000}`,
    });
  });

  it("say nothing of an end that is not known", () => {
    const { model, sunset } = chooseModel(CATALOG, "gpt-6.1-terra", at("2026-11-23"));
    expect(modelHeaders(model, sunset)).toEqual({ "weir-model": "gpt-6.1-terra" });
  });

  it("leave out an announcement that has no date", () => {
    const { model, sunset } = chooseModel(CATALOG, "sora-2", at("2026-09-01"));
    expect(modelHeaders(model, sunset)).toEqual({ "weir-model": "sora-2", sunset: "Thu, 24 Sep 2026 00:00:00 GMT" });
  });
});

describe("an endpoint", () => {
  it("that the card lists is allowed", () => {
    expect(() => requireEndpoint(CATALOG, bundledModel("o4-mini"), "chat_completions", at("2026-10-01"))).not.toThrow();
  });

  it("that the card does not list is 400, and names models that support it", async () => {
    const model = bundledModel("text-embedding-3-small");
    const error = await refusalOf(() => requireEndpoint(CATALOG, model, "chat_completions", at("2026-10-01")));
    expect(error).toMatchObject({ status: 400, body: { code: "unsupported_value", param: "model" } });
    expect(error.body.message).toMatch(
      /^The model 'text-embedding-3-small' does not support Chat Completions\. Models that do: .*gpt-6\.1-terra.*\.$/,
    );
    expect(error.body.message).not.toContain("whisper");
  });

  it("that the card does not list names only models that can be asked for", async () => {
    const error = await refusalOf(() =>
      requireEndpoint(CATALOG, bundledModel("o4-mini"), "moderation", at("2026-10-01")),
    );
    const named = /Models that do: (.+)\.$/.exec(error.body.message)?.[1]?.split(", ") ?? [];
    expect(named.length).toBeGreaterThan(0);
    for (const name of named) expect([name, resolveModel(CATALOG, name, "2026-10-01").kind]).toEqual([name, "found"]);
  });
});
