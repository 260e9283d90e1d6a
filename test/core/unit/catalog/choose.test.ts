// What a caller gets of the catalog: a plan, a model, and refusals that say what to ask for instead.

import { describe, expect, it } from "vitest";
import { chooseModel, choosePlan, isAllowed, modelHeaders, notAllowed } from "../../../../src/core/catalog/choose.ts";
import { bundledCatalog, cardDocument, catalogDocument, complete } from "../../../support/catalog-documents.ts";
import { refusalOf } from "../../../support/refusals.ts";

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

  it("that has ended says in the headers of its 404 since when, and when that was announced", async () => {
    const error = await refusalOf(() => chooseModel(CATALOG, "o4-mini-2025-04-16", at("2026-11-23")));
    expect(error.headers).toEqual({
      sunset: "Fri, 23 Oct 2026 00:00:00 GMT",
      deprecation: `@${Date.UTC(2026, 3, 22) / 1000}`,
    });
    const silent = await refusalOf(() => chooseModel(CATALOG, "sora-2", at("2026-11-23")));
    // Where nobody said when it was announced: with its end, at the latest.
    const deprecation = `@${Date.UTC(2026, 8, 24) / 1000}`;
    expect(silent.headers).toEqual({ sunset: "Thu, 24 Sep 2026 00:00:00 GMT", deprecation });
  });

  it("that there is not has no end to tell of", async () => {
    const error = await refusalOf(() => chooseModel(CATALOG, "gpt-9", at("2026-11-23")));
    expect(error.headers).toEqual({});
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
        aliases: { default: { target: "swift-2" }, frozen: { target: "swift-1", strict: true } },
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

  it("take the end for the announcement where that has no date", () => {
    const { model, sunset } = chooseModel(CATALOG, "sora-2", at("2026-09-01"));
    expect(modelHeaders(model, sunset)).toEqual({
      "weir-model": "sora-2",
      sunset: "Thu, 24 Sep 2026 00:00:00 GMT",
      deprecation: `@${Date.UTC(2026, 8, 24) / 1000}`,
    });
  });
});

const plan = (...models: string[]) => ({ ...PLAN, concurrent: 1, models });

const modelOf = (asked: string, day: string) => chooseModel(CATALOG, asked, at(day)).model;

describe("a plan that names its models", () => {
  it.each([
    ["its alias", "omni-moderation-latest"],
    ["its snapshot", "omni-moderation-2024-09-26"],
    ["its card", "omni-moderation"],
  ])("allows what it names by %s", (_what, name) => {
    expect(isAllowed(plan("o3", name), modelOf("omni-moderation-latest", "2026-10-01"))).toBe(true);
  });

  it.each(["2026-10-22", "2026-10-23", "2026-12-11"])(
    "allows an alias on %s too, whatever it has moved on to",
    (day) => {
      expect(isAllowed(plan("o4-mini"), modelOf("o4-mini", day))).toBe(true);
      expect(isAllowed(plan("default"), modelOf("default", day))).toBe(true);
      // An alias of an alias is allowed by the name that it stands for.
      expect(isAllowed(plan("o4-mini"), modelOf("default", day))).toBe(true);
    },
  );

  it("allows an alias that only leads to what is named", () => {
    expect(isAllowed(plan("gpt-5-mini"), modelOf("o4-mini", "2026-11-23"))).toBe(true);
    expect(isAllowed(plan("gpt-5-mini"), modelOf("o4-mini", "2026-10-01"))).toBe(false);
  });

  it("does not allow the successor by its own name where only the ended model is named", () => {
    expect(isAllowed(plan("o4-mini"), modelOf("gpt-5-mini", "2026-11-23"))).toBe(false);
    expect(isAllowed(plan("default"), modelOf("o4-mini", "2026-10-01"))).toBe(false);
  });

  it("refuses every other, and says which it includes", () => {
    const model = modelOf("o3", "2026-10-01");
    expect(isAllowed(plan("o4-mini", "gpt-5-mini"), model)).toBe(false);
    expect(notAllowed(plan("o4-mini", "gpt-5-mini"), model)).toMatchObject({
      status: 403,
      body: {
        code: "model_not_allowed",
        param: "model",
        message: "Your plan does not include the model 'o3'. It includes: o4-mini, gpt-5-mini.",
      },
    });
  });

  it("allows nothing when it names none, and everything when it has no list", () => {
    expect(isAllowed(plan(), modelOf("o4-mini", "2026-10-01"))).toBe(false);
    expect(isAllowed({ ...PLAN, concurrent: 1 }, modelOf("o4-mini", "2026-10-01"))).toBe(true);
  });
});
