// The plan and the model for a caller, and refusals that name what to ask for instead.

import { describe, expect, it } from "vitest";
import {
  chooseModel,
  choosePlan,
  isAllowed,
  modelHeaders,
  modelNotAllowed,
} from "../../../../src/core/catalog/choose.ts";
import { bundledCatalog, cardDocument, catalogDocument, complete } from "../../../support/catalog-documents.ts";
import { refusalOf } from "../../../support/refusals.ts";

const PLAN = { windows: [], max_output_tokens: 100 };
const MOVIES = complete(
  catalogDocument({
    cards: { movie: cardDocument({ "movie-1": { shutdown_date: "2026-09-24" }, "movie-2": {} }) },
    aliases: { default: { target: "movie-2" } },
  }),
);
const CATALOG = {
  ...bundledCatalog(),
  cards: { ...bundledCatalog().cards, ...MOVIES.cards },
  plans: { free: { ...PLAN, concurrent: 2 }, pro: { ...PLAN, concurrent: 8 } },
  default_plan: "free",
};
const at = (day: string) => Date.parse(`${day}T12:00:00Z`);
const AFTER = at("2026-11-23");
const LIST = "Use an alias or a snapshot of this server's catalog, such as 'default'.";

describe("a plan", () => {
  it("is the one that the token claims", () => {
    expect(choosePlan(CATALOG, "pro")).toMatchObject({ name: "pro", plan: { concurrent: 8 } });
  });

  it.each([undefined, "", "platinum", "constructor", "PRO"])("is the default for an unknown claim: %s", (claimed) => {
    expect(choosePlan(CATALOG, claimed)).toMatchObject({ name: "free", plan: { concurrent: 2 } });
  });
});

describe("a model", () => {
  it("is chosen by the UTC day of the moment", () => {
    const lastMoment = Date.parse("2026-10-23T00:00:00Z") - 1;
    expect(chooseModel(CATALOG, "o4-mini", lastMoment).model.snapshot).toBe("o4-mini-2025-04-16");
    expect(chooseModel(CATALOG, "o4-mini", lastMoment + 1).model.snapshot).toBe("gpt-5-mini-2025-08-07");
  });

  it.each<[string, string, object]>([
    ["gpt-9", `There is no model 'gpt-9'. ${LIST}`, {}],
    ["constructor", `There is no model 'constructor'. ${LIST}`, {}],
    [
      "o4-mini-2025-04-16",
      "The model 'o4-mini-2025-04-16' was shut down on 2026-10-23. Use 'gpt-5-mini' instead.",
      { sunset: "Fri, 23 Oct 2026 00:00:00 GMT" },
    ],
    [
      "movie-1",
      `The model 'movie-1' was shut down on 2026-09-24. ${LIST}`,
      { sunset: "Thu, 24 Sep 2026 00:00:00 GMT" },
    ],
  ])(
    "that is unknown or has ended is a 404 with a hint, and with its end: %s",
    async (requestedName, message, headers) => {
      const error = await refusalOf(() => chooseModel(CATALOG, requestedName, AFTER));
      expect(error).toMatchObject({ status: 404, body: { code: "model_not_found", param: "model", message }, headers });
      expect("sunset" in error.headers).toBe("sunset" in headers);
    },
  );

  it("of a strict alias that has ended is a 404 with the snapshot and its successor", async () => {
    const swift = cardDocument({ "swift-1": { shutdown_date: "2026-02-01", successor: "swift-2" }, "swift-2": {} });
    const aliases = { default: { target: "swift-2" }, frozen: { target: "swift-1", strict: true } };
    const strict = complete(catalogDocument({ cards: { swift }, aliases }));
    const error = await refusalOf(() => chooseModel(strict, "frozen", at("2026-02-01")));
    expect(error.body.message).toBe("The model 'swift-1' was shut down on 2026-02-01. Use 'swift-2' instead.");
  });
});

const O4_MINI_END = {
  sunset: "Fri, 23 Oct 2026 00:00:00 GMT",
  deprecation: `@${Date.UTC(2026, 3, 22) / 1000}`,
};
/** Without a date of the announcement, the shutdown date replaces it. */
const MOVIE_END = { sunset: "Thu, 24 Sep 2026 00:00:00 GMT", deprecation: `@${Date.UTC(2026, 8, 24) / 1000}` };

it.each<[string, string, object]>([
  ["o4-mini", "2026-11-23", { "weir-model": "gpt-5-mini-2025-08-07", ...O4_MINI_END }],
  ["gpt-6.1-terra", "2026-11-23", { "weir-model": "gpt-6.1-terra" }],
  ["movie-1", "2026-09-01", { "weir-model": "movie-1", ...MOVIE_END }],
])("the headers name the answering snapshot, and the end of the requested one: %s", (requestedName, day, headers) => {
  const { model, sunset } = chooseModel(CATALOG, requestedName, at(day));
  expect(modelHeaders(model, sunset)).toEqual(headers);
});

const plan = (...models: string[]) => ({ ...PLAN, concurrent: 1, models });

describe("a plan with a list of models", () => {
  it.each<[string, string, string, boolean]>([
    ["an alias", "o3-mini", "o3-mini", true],
    ["the snapshot of an alias", "o3-2025-04-16", "o3", true],
    ["the target of an alias", "o4-mini", "default", true],
    ["an alias that has moved on", "o4-mini", "o4-mini", true],
    ["the successor of an alias", "gpt-5-mini", "o4-mini", true],
    ["the predecessor of an alias", "o4-mini", "gpt-5-mini", false],
    ["an alias of an alias", "default", "o4-mini", false],
    ["another model", "o3", "o4-mini", false],
  ])("names %s: '%s' allows '%s': %s", (_what, named, requestedName, allowed) => {
    expect(isAllowed(plan("o3-mini", named), chooseModel(CATALOG, requestedName, AFTER).model)).toBe(allowed);
  });

  it("does not allow an alias by a successor that it does not use yet", () => {
    expect(isAllowed(plan("gpt-5-mini"), chooseModel(CATALOG, "o4-mini", at("2026-10-01")).model)).toBe(false);
  });

  it("allows nothing with an empty list, and everything without a list", () => {
    const { model } = chooseModel(CATALOG, "o4-mini", AFTER);
    expect(isAllowed(plan(), model)).toBe(false);
    expect(isAllowed({ ...PLAN, concurrent: 1 }, model)).toBe(true);
  });

  it("names its models when it refuses another", () => {
    expect(modelNotAllowed(plan("o4-mini", "gpt-5-mini"), chooseModel(CATALOG, "o3", AFTER).model)).toMatchObject({
      status: 403,
      body: {
        code: "model_not_allowed",
        param: "model",
        message: "Your plan does not include the model 'o3'. It includes: o4-mini, gpt-5-mini.",
      },
    });
  });
});
