// Requests for a job: their schema, what is sent, and the bound.

import * as v from "valibot";
import { describe, expect, it } from "vitest";
import type { Model } from "../../../../src/core/catalog/resolve.ts";
import { ModelCard } from "../../../../src/core/catalog/card.ts";
import { ApiError } from "../../../../src/core/errors.ts";
import { validate } from "../../../../src/core/http/json-body.ts";
import type { FineTuning } from "../../../../src/features/fine-tuning/catalog.ts";
import { methodOf, TuningRequest } from "../../../../src/features/fine-tuning/request.ts";
import { examplesOf } from "../../../../src/features/fine-tuning/training-bound.ts";
import { prepareTraining } from "../../../../src/features/fine-tuning/training-plan.ts";

const card = v.parse(ModelCard, {
  provider: "house",
  name: "Swift",
  prices: { input: 1, output: 2, million_training_tokens: 5 },
  image_tokens: 100,
  modalities: { input: ["text", "image"], output: ["text"] },
  endpoints: ["fine_tuning"],
  snapshots: { "swift-1": {} },
});
const MODEL = { snapshot: "swift-1", id: "swift", card } as Model;
const FACTS: FineTuning = { methods: ["supervised", "dpo"], max_epochs: 3, prices: { input: 2, output: 4 } };
const CEILING = { ...FACTS, reinforcement: { max_training_seconds: 3600, usd_per_hour: 100 } };

const requestOf = (fields: object) => validate(TuningRequest, { model: "swift", training_file: "file-1", ...fields });

function planOf(fields: object, facts = FACTS, files = [{ bytes: 1000, images: 0 }]) {
  const request = requestOf(fields);
  return prepareTraining(request, methodOf(request), MODEL, facts)(files);
}

/** The error that `run` throws. */
function errorIn(run: () => unknown) {
  try {
    run();
  } catch (error) {
    if (error instanceof ApiError) return error.body;
    throw error;
  }
  throw new Error("no error");
}

const method = (type: string, hyperparameters: object) => ({ method: { type, [type]: { hyperparameters } } });

describe("a request", () => {
  it.each([
    [{ training_file: undefined }, "training_file"],
    [{ suffix: "two words" }, "suffix"],
    [{ suffix: "a".repeat(65) }, "suffix"],
    [{ seed: -1 }, "seed"],
    [{ integrations: [{ type: "wandb" }] }, "integrations"],
    [{ metadata: { weir_job: "1" } }, "metadata"],
    [{ metadata: Object.fromEntries(Array.from({ length: 15 }, (_, index) => [index, "x"])) }, "metadata"],
    [{ method: { type: "evolution" } }, "method.type"],
    [{ method: { type: "dpo", supervised: {} } }, "method.supervised"],
    [method("supervised", { n_epochs: 0 }), "method.supervised.hyperparameters.n_epochs"],
    [method("supervised", { beta: 1 }), "method.supervised.hyperparameters.beta"],
    [{ hyperparameters: { batch_size: 257 } }, "hyperparameters.batch_size"],
    [{ n_epochs: 1 }, "n_epochs"],
  ])("with %j is refused", (fields, param) => {
    expect(errorIn(() => requestOf(fields)).param).toBe(param);
  });

  it.each([
    ["that names no method", {}, "supervised", { n_epochs: 3 }],
    [
      "with the older field",
      { hyperparameters: { n_epochs: 2, batch_size: "auto" } },
      "supervised",
      { n_epochs: 2, batch_size: "auto" },
    ],
    [
      "with 'auto'",
      method("dpo", { n_epochs: "auto", beta: 0.1, batch_size: null }),
      "dpo",
      { n_epochs: 3, beta: 0.1 },
    ],
  ])("%s is sent with a number of epochs", (_, fields, type, hyperparameters) => {
    expect(planOf(fields).method).toEqual({ type, [type]: { hyperparameters } });
  });

  it("tells a number of epochs that the caller has not chosen", () => {
    expect(planOf({}).headers).toEqual({ "weir-n-epochs": "3" });
    expect(planOf({ hyperparameters: { n_epochs: 3 } }).headers).toEqual({});
  });

  it.each([
    ["more epochs than the card", { hyperparameters: { n_epochs: 4 } }, FACTS, "hyperparameters.n_epochs", "at most 3"],
    ["another method", method("dpo", {}), { ...FACTS, methods: [] }, "method.type", "Name another model"],
    [
      "two methods",
      { ...method("dpo", {}), hyperparameters: {} },
      FACTS,
      "hyperparameters",
      "Write them into 'method'",
    ],
    ["a method without a bound", { method: { type: "reinforcement" } }, FACTS, "method.type", "billed by the hour"],
  ])("with %s is refused", (_, fields, facts, param, words) => {
    const error = errorIn(() => planOf(fields, facts));
    expect([error.param, error.message]).toEqual([param, expect.stringContaining(words)]);
  });
});

describe("the bound", () => {
  it.each([
    ["all bytes in each epoch", {}, 3000],
    ["the epochs of the request", { hyperparameters: { n_epochs: 1 } }, 1000],
    ["both answers of a preference", method("dpo", { n_epochs: 1 }), 2000],
  ])("counts %s", (_, fields, tokens) => {
    expect(planOf(fields).terms.bound).toEqual({ tokens, nanoUsd: tokens * 5000 });
  });

  it("counts images, and the validation file", () => {
    const files = [
      { bytes: 1000, images: 2 },
      { bytes: 500, images: 0 },
    ];
    expect(planOf({ hyperparameters: { n_epochs: 2 } }, FACTS, files).terms.bound.tokens).toBe((1000 + 200 + 500) * 2);
  });

  it("of a reinforcement is its ceiling and the time until it is cancelled", () => {
    const grader = {
      type: "string_check",
      input: "{{sample.output_text}}",
      operation: "eq",
      reference: "yes",
      name: "g",
    };
    const { terms, method: sent } = planOf({ method: { type: "reinforcement", reinforcement: { grader } } }, CEILING);
    expect(terms).toEqual({
      pricedBy: "time",
      usdPerHour: 100,
      maxTrainingMs: 3_600_000,
      bound: { tokens: 0, nanoUsd: Math.ceil(((3600 + 120) * 100e9) / 3600) },
    });
    expect(sent).toMatchObject({ reinforcement: { grader } });
  });

  it.each([
    [{ type: "score_model", model: "o3" }, "grader.type"],
    [{ type: "label_model", model: "o3" }, "grader.type"],
    [{ type: "multi", graders: { one: { type: "python" }, two: { type: "score_model" } } }, "grader.graders.two.type"],
    [{ type: "multi", graders: { one: { type: "multi", graders: {} } } }, "grader.graders.one.type"],
    [undefined, "grader"],
  ])("does not cover the grader %j", (grader, field) => {
    const fields = { method: { type: "reinforcement", reinforcement: { grader } } };
    expect(errorIn(() => planOf(fields, CEILING)).param).toBe(`method.reinforcement.${field}`);
  });
});

const facts = (more: object = {}) => JSON.stringify({ method: "supervised", lines: 10, images: 0, ...more });

describe("a file", () => {
  const fileOf = (changes: object) => ({
    id: "file-1",
    provider: "house",
    purpose: "fine-tune",
    bytes: 1000,
    filename: "train.jsonl",
    createdAt: 0,
    facts: facts(),
    ...changes,
  });
  const SUPERVISED = { type: "supervised", hyperparameters: {}, param: "method" } as const;

  it.each([
    [{ purpose: "batch" }, "purpose"],
    [{ provider: "openai" }, "Upload it again"],
    [{ facts: undefined }, "Upload it again"],
    [{ facts: facts({ method: "dpo" }) }, "for the method 'dpo'"],
  ])("with %j is refused", (changes, words) => {
    const error = errorIn(() => examplesOf(fileOf(changes), SUPERVISED, card, "training_file"));
    expect([error.param, error.message]).toEqual(["training_file", expect.stringContaining(words)]);
  });

  it("with images is refused for a model without them", () => {
    const { image_tokens: _, ...blind } = card;
    const run = () => examplesOf(fileOf({ facts: facts({ images: 1 }) }), SUPERVISED, blind, "training_file");
    expect(errorIn(run).message).toContain("has images");
  });
});
