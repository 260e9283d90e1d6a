// The kind of job: its search at the provider, its ceiling, and the models and files that it has made.

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Provider } from "../../../../src/core/catalog/schema.ts";
import type { Bindings } from "../../../../src/core/env.ts";
import type { Job, JobPlace } from "../../../../src/core/jobs/job-kind.ts";
import type { TrainingTerms } from "../../../../src/features/fine-tuning/training-cost.ts";
import { tuningKind } from "../../../../src/features/fine-tuning/tuning-kind.ts";

const NOW = Date.UTC(2026, 11, 1);
const MINUTE = 60_000;
const KEY = "b2f6e5b0-0000-4000-8000-000000000001";
const ID = "ftjob-1";

const BY_TOKENS: TrainingTerms = { pricedBy: "tokens", usdPerMillion: 5, bound: { tokens: 3000, nanoUsd: 15_000_000 } };
const BY_TIME: TrainingTerms = {
  pricedBy: "time",
  usdPerHour: 36,
  maxTrainingMs: 10 * MINUTE,
  bound: { tokens: 0, nanoUsd: 7_200_000_000 },
};

const jobOf = (terms: TrainingTerms): Job => ({
  key: KEY,
  owner: "q1:alice",
  snapshot: "swift-1",
  createdAt: NOW - MINUTE,
  terms,
});

const wireJob = (fields: object = {}) => ({
  id: ID,
  object: "fine_tuning.job",
  status: "running",
  created_at: (NOW - MINUTE) / 1000,
  finished_at: null,
  trained_tokens: null,
  fine_tuned_model: null,
  result_files: [],
  metadata: { weir_job: KEY, weir_user: "q1:alice", mine: "1" },
  ...fields,
});

const NOT_FOUND = () => Response.json({ error: { message: "No.", code: "not_found", param: "id" } }, { status: 404 });

/** A provider with these answers by method and path. Others are a 404. */
function providerOf(answers: Record<string, unknown>): { place: JobPlace; asked: string[] } {
  const asked: string[] = [];
  const fetch = ({ method, url }: Request) => {
    const { pathname, search } = new URL(url);
    const name = `${method} ${pathname}${search}`;
    asked.push(name);
    const answer = answers[name] ?? answers[`${method} ${pathname}`];
    return Promise.resolve(answer === undefined ? NOT_FOUND() : Response.json(answer));
  };
  const env = { PROVIDER_HOSTS: "models.test", HOUSE_API_KEY: "key", UPSTREAM: { fetch } } as unknown as Bindings;
  const provider = { base_url: "https://models.test", key_variable: "HOUSE_API_KEY", key_header: "authorization" };
  return { place: { env, provider: provider as Provider, signal: new AbortController().signal }, asked };
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: NOW });
});
afterEach(() => {
  vi.useRealTimers();
});

describe("a check", () => {
  it("shows a job without its stamp", async () => {
    const { place } = providerOf({ [`GET /fine_tuning/jobs/${ID}`]: wireJob() });
    const { text, ended } = await tuningKind.check(place, jobOf(BY_TOKENS), ID);
    expect(JSON.parse(text)).toEqual(wireJob({ metadata: { mine: "1" } }));
    expect(ended).toBeUndefined();
  });

  it("of an ended job names its models, its checkpoints and its files", async () => {
    const models = ["ft:swift-1:house::1", "ft:swift-1:house::1:ckpt-step-9", "ft:no model"];
    const { place } = providerOf({
      [`GET /fine_tuning/jobs/${ID}`]: wireJob({
        status: "succeeded",
        trained_tokens: 1000,
        fine_tuned_model: models[0],
        result_files: ["file-1", "file-gone", "../files"],
      }),
      [`GET /fine_tuning/jobs/${ID}/checkpoints`]: {
        data: models.map((name) => ({ id: "ftckpt_1", fine_tuned_model_checkpoint: name })),
      },
      "GET /files/file-1": {
        id: "file-1",
        bytes: 7,
        created_at: 0,
        filename: "steps.csv",
        purpose: "fine-tune-results",
      },
    });
    const { files, ended } = await tuningKind.check(place, jobOf(BY_TOKENS), ID);
    expect(ended).toMatchObject({ charge: { tokens: 1000 }, models: models.slice(0, 2) });
    expect(files).toEqual([
      { id: "file-1", purpose: "fine-tune-results", bytes: 7, filename: "steps.csv" },
      { id: "file-gone", purpose: "fine-tune-results", bytes: 0, filename: "file-gone" },
    ]);
  });

  it("remembers that a job has trained", async () => {
    const { place } = providerOf({ [`GET /fine_tuning/jobs/${ID}`]: wireJob() });
    const { terms } = await tuningKind.check(place, jobOf(BY_TOKENS), ID);
    const ended = providerOf({ [`GET /fine_tuning/jobs/${ID}`]: wireJob({ status: "failed" }) });
    const job = { ...jobOf(BY_TOKENS), terms: terms ?? {} };
    expect((await tuningKind.check(ended.place, job, ID)).ended?.charge).toEqual({ ...BY_TOKENS.bound, requests: 1 });
  });

  it.each([
    ["cancels a job at its ceiling", 10, ["GET", "POST /fine_tuning/jobs/ftjob-1/cancel", "GET"]],
    ["does not cancel a job before its ceiling", 9.9, ["GET"]],
  ])("%s", async (_, minutes, expected) => {
    const seen = { at: NOW - MINUTE, isTraining: true, hasTrained: true, trainingMs: (minutes - 1) * MINUTE };
    const { place, asked } = providerOf({
      [`GET /fine_tuning/jobs/${ID}`]: wireJob(),
      [`POST /fine_tuning/jobs/${ID}/cancel`]: wireJob({ status: "cancelled", finished_at: NOW / 1000 }),
    });
    const { ended } = await tuningKind.check(place, jobOf({ ...BY_TIME, seen }), ID);
    expect(asked.map((name) => (name.startsWith("POST") ? name : "GET"))).toEqual(expected);
    expect(ended?.charge.nanoUsd).toBe(expected.length > 1 ? 6_000_000_000 : undefined);
  });

  it("comes every minute while the time of a job is billed", () => {
    expect(tuningKind.longestPauseMs?.(jobOf(BY_TIME))).toBe(MINUTE);
    expect(tuningKind.longestPauseMs?.(jobOf(BY_TOKENS))).toBeUndefined();
  });
});

describe("the search of a job", () => {
  const FIRST = `GET /fine_tuning/jobs?limit=100&metadata%5Bweir_job%5D=${KEY}`;
  const foreign = (id: string, ageMs: number) =>
    wireJob({ id, metadata: { weir_job: "other" }, created_at: (NOW - ageMs) / 1000 });

  it.each<[string, Record<string, unknown>, string | undefined]>([
    ["finds it by its stamp", { [FIRST]: { data: [foreign("ftjob-9", 0), wireJob()] } }, ID],
    [
      "finds it on a later page",
      { [FIRST]: { data: [foreign("ftjob-9", 0)] }, [`${FIRST}&after=ftjob-9`]: { data: [wireJob()] } },
      ID,
    ],
    ["ends without jobs", { [FIRST]: { data: [] } }, undefined],
    ["ends at jobs that are older", { [FIRST]: { data: [foreign("ftjob-9", 10 * MINUTE)] } }, undefined],
  ])("%s", async (_, answers, expected) => {
    const { place } = providerOf(answers);
    expect(await tuningKind.find(place, jobOf(BY_TOKENS))).toBe(expected);
  });

  it.each([
    ["an answer that is no list", { object: "list" }],
    ["a list that never ends", { data: [foreign("ftjob-9", 0)] }],
  ])("fails with %s, so that it comes again", async (_, answer) => {
    const { place } = providerOf({ "GET /fine_tuning/jobs": answer });
    await expect(tuningKind.find(place, jobOf(BY_TOKENS))).rejects.toMatchObject({ status: 502 });
  });
});

it("a cancellation that comes too late is none", async () => {
  await expect(tuningKind.cancel(providerOf({}).place, ID)).resolves.toBeUndefined();
});
