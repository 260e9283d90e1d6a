// Jobs in workerd: what reaches the provider, what each ending costs, and what a lost answer leaves.

import { runDurableObjectAlarm } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { deleteUserData } from "../../../../src/core/feature.ts";
import { errorOf, ONLY_REQUESTS } from "../../../support/caller.ts";
import type { TestPlan } from "../../../support/catalog.ts";
import { passTime } from "../../../support/clock.ts";
import { repeatUntil } from "../../../support/repeat.ts";
import { bindings, emulation, useCatalog } from "../../../support/workerd.ts";
import type { FileObject } from "../../files-batch/support/uploads.ts";
import { askProvider } from "../../files-batch/support/uploads.ts";
import type { Job } from "../support/tuning.ts";
import { BASE, createTrainer, createTuningCatalog, EXAMPLES, JOBS, PREFERENCES } from "../support/tuning.ts";

/** The price of gpt-4.1-mini for a training token. */
const USD_PER_TOKEN = 5e-6;
const BYTES = new TextEncoder().encode(EXAMPLES).length;
/** A job that trains after 0.6 s, and until 3 s. */
const SLOW = { job_seconds: 3 };

beforeEach(async () => {
  await useCatalog(createTuningCatalog());
  await emulation.zero();
});
afterEach(() => {
  vi.useRealTimers();
});

type Trainer = Awaited<ReturnType<typeof createTrainer>>;

const upTo = (status: string, user: Trainer, { id }: Job) =>
  repeatUntil(
    () => user.job(id),
    (job) => job.status === status,
  );

describe("a job", () => {
  it("is sent with a number of epochs and a stamp that its user does not see", async () => {
    const user = await createTrainer();
    const response = await user.request({ suffix: "river", seed: 7 });
    const { id, metadata } = await response.json<Job>();
    expect(response.headers.get("weir-n-epochs")).toBe("3");
    const method = { type: "supervised", supervised: { hyperparameters: { n_epochs: 3 } } };
    const sent = { model: BASE, training_file: user.file.id, suffix: "river", seed: 7, method };
    expect((await emulation.stats()).last?.body).toEqual({ ...sent, metadata: expect.any(Object) as object });
    expect(metadata).toEqual({ emulate: '{"job_seconds":0}' });
    const stored = await (await askProvider(`/fine_tuning/jobs/${id}`)).json<Job>();
    expect(stored.metadata).toMatchObject({ weir_user: user.owner, weir_job: expect.any(String) as string });
  });

  it("reserves its bound, and costs the tokens that it has trained, once", async () => {
    const user = await createTrainer();
    const created = await user.create({ hyperparameters: { n_epochs: 2 } });
    const { windows, leases } = await user.usage();
    expect([windows[0]?.reserved, leases.running]).toEqual([BYTES * 2, 0]);
    const job = await user.job(created.id);
    expect(await user.job(created.id)).toEqual(job);
    expect(job).toMatchObject({ status: "succeeded", fine_tuned_model: expect.stringMatching(/^ft:/) as string });
    const tokens = job.trained_tokens ?? NaN;
    // The upload, the creation and two readings.
    expect(await user.settled()).toEqual({ tokens, requests: 4, reserved: 0 });
    const usd = (await user.usage()).windows.find(({ unit }) => unit === "usd")?.used;
    expect(usd).toBeCloseTo(tokens * USD_PER_TOKEN, 9);
  });

  it("is settled by the alarm when its user does not ask", async () => {
    const user = await createTrainer();
    await user.create();
    passTime(301_000);
    expect(await runDurableObjectAlarm(user.jobs())).toBe(true);
    expect(await user.settled()).toMatchObject({ requests: 2, reserved: 0, tokens: expect.any(Number) as number });
  });

  it("gives its user the files that it has written", async () => {
    const user = await createTrainer();
    const { result_files: files } = await user.job((await user.create()).id);
    const file = await (await user.get(`/v1/files/${files[0]}`)).json<FileObject>();
    expect(file).toMatchObject({ purpose: "fine-tune-results", filename: "step_metrics.csv" });
    expect(await (await user.get(`/v1/files/${files[0]}/content`)).text()).toContain("train_loss");
  });

  it("learns from preferences, and from a validation file", async () => {
    const user = await createTrainer(PREFERENCES);
    const other = await user.upload(PREFERENCES);
    const fields = { validation_file: other.id, method: { type: "dpo", dpo: { hyperparameters: { n_epochs: 1 } } } };
    const { id } = await user.create(fields);
    expect((await user.usage()).windows[0]?.reserved).toBe((user.file.bytes + other.bytes) * 2);
    expect((await user.job(id)).status).toBe("succeeded");
  });

  it.each([
    ["that fails before it trains", { job_fails: "before training" }, 0],
    [
      "that fails while it trains, with a count of tokens",
      { job_fails: "while training", partial_tokens: true },
      "some",
    ],
  ])("%s costs what it has trained", async (_, script, expected) => {
    const user = await createTrainer();
    const job = await user.job((await user.create({}, script)).id);
    expect(job.status).toBe("failed");
    const { tokens, reserved } = await user.settled();
    expect([tokens, reserved]).toEqual([expected === "some" ? job.trained_tokens : expected, 0]);
  });

  it("is paused, resumed and cancelled, which costs the bound when the provider counts nothing", async () => {
    const user = await createTrainer();
    const job = await user.create({ hyperparameters: { n_epochs: 1 } }, SLOW);
    await upTo("running", user, job);
    for (const [action, status] of [
      ["pause", "paused"],
      ["resume", "running"],
      ["cancel", "cancelled"],
    ]) {
      const response = await user.get(`${JOBS}/${job.id}/${action}`, { method: "POST" });
      expect([response.status, (await response.json<Job>()).status]).toEqual([200, status]);
    }
    expect(await user.settled()).toMatchObject({ tokens: BYTES, reserved: 0 });
  });

  it("that is cancelled before it trains costs no tokens", async () => {
    const user = await createTrainer();
    const { id } = await user.create({}, { job_seconds: 3600 });
    await user.get(`${JOBS}/${id}/cancel`, { method: "POST" });
    // The upload, the creation, and a check before and after the cancellation.
    expect(await user.settled()).toEqual(ONLY_REQUESTS(2 + 3));
  });

  it("is cancelled at the provider when its user is deleted", async () => {
    const user = await createTrainer();
    const { id } = await user.create({}, { job_seconds: 3600 });
    await deleteUserData(bindings, user.owner);
    const atProvider = await (await askProvider(`/fine_tuning/jobs/${id}`)).json<Job>();
    expect([atProvider.status, await user.atProvider()]).toEqual(["cancelled", []]);
    expect((await user.get(`${JOBS}/${id}`)).status).toBe(404);
  });

  it("has pages of events and checkpoints", async () => {
    const user = await createTrainer();
    const { id } = await user.create();
    const pages = [
      ["events?limit=1", "fine_tuning.job.event"],
      ["checkpoints?limit=1", "fine_tuning.job.checkpoint"],
    ];
    for (const [path, object] of pages) {
      const { data, has_more } = await (
        await user.get(`${JOBS}/${id}/${path}`)
      ).json<{
        data: object[];
        has_more: boolean;
      }>();
      expect([data, has_more]).toEqual([[expect.objectContaining({ object })], true]);
    }
  });
});

/** The jobs of all users at the provider. */
const jobsAtProvider = async () => (await (await askProvider("/fine_tuning/jobs")).json<{ data: Job[] }>()).data;

describe("a creation", () => {
  it.each<[string, TestPlan, object, number, number]>([
    ["that the provider refuses", "roomy", { status: 400 }, 400, 1],
    ["whose bound does not fit", "tiny", {}, 429, 0],
  ])("%s leaves no job", async (_, plan, script, status, calls) => {
    const user = await createTrainer(EXAMPLES, plan);
    const before = (await jobsAtProvider()).length;
    expect((await user.request({}, script)).status).toBe(status);
    expect((await jobsAtProvider()).length).toBe(before);
    expect(await user.settled()).toEqual(ONLY_REQUESTS(1 + calls));
    const { data } = await (await user.get(JOBS)).json<{ data: Job[] }>();
    expect(data).toEqual([]);
  });

  it("whose answer is lost is found by the alarm, and settled", async () => {
    const user = await createTrainer();
    const lost = await user.request({}, { cut_after: 0 });
    expect([lost.status, lost.headers.get("x-should-retry")]).toEqual([502, "false"]);
    expect((await user.usage()).windows[0]?.reserved).toBe(BYTES * 3);
    passTime(301_000);
    await runDurableObjectAlarm(user.jobs());
    const { data } = await (await user.get(JOBS)).json<{ data: Job[] }>();
    expect(data).toEqual([expect.objectContaining({ status: "succeeded" })]);
    expect(await user.settled()).toMatchObject({ tokens: data[0]?.trained_tokens, reserved: 0 });
  });

  it("is refused when the user has as many jobs as the plan allows", async () => {
    const catalog = createTuningCatalog();
    Object.assign(catalog.plans["roomy"] ?? {}, { files: { max_jobs: 1 } });
    await useCatalog(catalog);
    const user = await createTrainer();
    await user.create({}, { job_seconds: 3600 });
    const refused = await user.request();
    expect([refused.status, await errorOf(refused)]).toMatchObject([429, { code: "concurrency_limit_exceeded" }]);
  });

  it.each([
    ["an alias", { model: "fast" }, "unsupported_value", "model"],
    ["a fine-tuned model", { model: "ft:gpt-4.1-mini:house::1" }, "unsupported_value", "model"],
    ["a model that cannot be trained", { model: "o3" }, "unsupported_value", "model"],
    ["an unknown model", { model: "river" }, "model_not_found", "model"],
    ["an unknown file", { training_file: "file-unknown" }, "not_found", "training_file"],
    ["a path as a file", { validation_file: "../models" }, "not_found", "validation_file"],
    ["reinforcement", { model: "o4-mini", method: { type: "reinforcement" } }, "unsupported_value", "method.type"],
  ])("with %s is refused", async (_, fields, code, param) => {
    const user = await createTrainer();
    expect(await errorOf(await user.request(fields))).toMatchObject({ code, param });
    expect(await user.settled()).toEqual(ONLY_REQUESTS(1));
  });

  it.each([
    ["tells the end of new jobs", "2100-01-01", 200],
    ["is refused after the end of new jobs", "2026-01-01", 404],
  ])("%s", async (_, date, status) => {
    await useCatalog(createTuningCatalog({ new_jobs_end: date }));
    const user = await createTrainer();
    const response = await user.request();
    expect([response.status, response.headers.get("sunset")]).toEqual([status, new Date(date).toUTCString()]);
    if (status === 404) expect((await errorOf(response)).code).toBe("endpoint_retired");
  });
});
