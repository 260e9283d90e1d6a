// Fine-tuning of the emulated provider: the clock of a job, its tokens, its models, and refused creations.

import type { FileObject } from "openai/resources";
import type { FineTuningJob, FineTuningJobCheckpoint, FineTuningJobEvent } from "openai/resources/fine-tuning/jobs";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type TrainingPlan, trainingStateAt } from "../../../../dev/provider/fine-tuning/training-clock.ts";
import { countTokens } from "../../../../dev/provider/kernel/generation/tokens.ts";
import { complete, CREATED, readError, readJson, send, user } from "../../../provider/support/client.ts";
import { passTime } from "../../../support/clock.ts";
import { uploaded } from "../../files-batch/support/emulated-batch.ts";

const BASE = "gpt-4.1-mini";
const JOBS = "/v1/fine_tuning/jobs";
const LINE = JSON.stringify({ messages: [user("Hi"), { role: "assistant", content: "Hello." }] });
const TOKENS = 12 * countTokens(LINE);
interface CheckpointPage {
  data: FineTuningJobCheckpoint[];
  has_more: boolean;
}

const training = async (text = `${LINE}\n`.repeat(12)) => uploaded(text, { purpose: "fine-tune" });
const epochs = (count: number) => ({ type: "supervised", supervised: { hyperparameters: { n_epochs: count } } });

const post = async (fields: object, script: object = {}) => {
  const metadata = { emulate: JSON.stringify(script) };
  return send("POST", JOBS, { model: BASE, training_file: await training(), metadata, ...fields });
};
const create = async (fields: object, script?: object) => readJson<FineTuningJob>(await post(fields, script));
const act = async ({ id }: FineTuningJob, verb: string) => send("POST", `${JOBS}/${id}/${verb}`);

/** The job that many seconds later. */
const later = async (seconds: number, { id }: FineTuningJob) => {
  passTime(seconds * 1000);
  return readJson<FineTuningJob>(await send("GET", `${JOBS}/${id}`));
};

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"] });
});
afterEach(() => {
  vi.useRealTimers();
});

describe("the clock of a job", () => {
  const plan: TrainingPlan = { script: { job_seconds: 10 }, isInvalid: false, pauses: [] };

  it.each<[string, TrainingPlan, [ms: number, status: string, progress: number, endedAt?: number][]]>([
    [
      "that succeeds",
      plan,
      [
        [0, "validating_files", 0],
        [1000, "queued", 0],
        [2000, "running", 0],
        [6000, "running", 0.5],
        [10_000, "succeeded", 1, 10_000],
      ],
    ],
    ["with a file that is not valid", { ...plan, isInvalid: true }, [[5000, "failed", 0, 1000]]],
    [
      "that fails while it trains",
      { ...plan, script: { job_seconds: 10, job_fails: "while training" } },
      [
        [5999, "running", 0.499875],
        [9000, "failed", 0.5, 6000],
      ],
    ],
    [
      "that is cancelled",
      { ...plan, cancelledAt: 4000 },
      [
        [3999, "running", 0.249875],
        [20_000, "cancelled", 0.25, 4000],
      ],
    ],
    ["that is paused", { ...plan, pauses: [{ from: 4000 }] }, [[90_000, "paused", 0.25]]],
    [
      "that is resumed",
      { ...plan, pauses: [{ from: 4000, to: 7000 }] },
      [
        [9000, "running", 0.5],
        [13_000, "succeeded", 1, 13_000],
      ],
    ],
    ["without duration", { ...plan, script: { job_seconds: 0 } }, [[0, "succeeded", 1, 0]]],
  ])("%s", (_, job, states) => {
    for (const [ms, status, progress, endedAt] of states) {
      expect(trainingStateAt(job, ms), String(ms)).toMatchObject({ status, progress, endedAt });
    }
  });
});

describe("a job", () => {
  it("trains a model that answers like its base", async () => {
    const created = await create({ method: epochs(2), suffix: "river" }, { job_seconds: 10 });
    expect(created).toMatchObject({
      object: "fine_tuning.job",
      status: "validating_files",
      model: "gpt-4.1-mini-2025-04-14",
      created_at: CREATED,
      fine_tuned_model: null,
      trained_tokens: null,
      finished_at: null,
      result_files: [],
      hyperparameters: { n_epochs: 2 },
      method: { type: "supervised", supervised: { hyperparameters: { n_epochs: 2 } } },
    });
    const running = await later(6, created);
    expect(running).toMatchObject({ status: "running", trained_tokens: null, estimated_finish: CREATED + 10 });
    const done = await later(4, created);
    const name = done.fine_tuned_model ?? "";
    expect(name).toMatch(/^ft:gpt-4\.1-mini-2025-04-14:emulated:river:[\da-f]{8}$/);
    expect(done).toMatchObject({ status: "succeeded", trained_tokens: 2 * TOKENS, finished_at: CREATED + 10 });
    expect(2 * TOKENS).toBeLessThanOrEqual(2 * 12 * (LINE.length + 1));
    const result = await readJson<FileObject>(await send("GET", `/v1/files/${done.result_files[0]}`));
    expect(result).toMatchObject({ purpose: "fine-tune-results", created_at: CREATED + 10 });

    expect((await complete({ model: name })).model).toBe(name);
    expect(await readJson(await send("POST", "/v1/responses", { model: name, input: "Hi" }))).toMatchObject({
      model: name,
    });
    const { data } = await readJson<{ data: { id: string }[] }>(await send("GET", "/v1/models"));
    expect(data.filter(({ id }) => id.startsWith(name)).map(({ id }) => id.slice(name.length))).toEqual([
      ":ckpt-step-12",
      "",
    ]);
    expect((await send("GET", `/v1/models/${name}x`)).status).toBe(404);
  });

  it("has events and checkpoints, in pages", async () => {
    const created = await create({ method: epochs(3) }, { job_seconds: 10 });
    await later(10, created);
    const read = async (path: string) => send("GET", `${JOBS}/${created.id}/${path}`);
    const { data: events } = await readJson<{ data: FineTuningJobEvent[] }>(await read("events"));
    expect(events.map(({ type }) => type).filter((type) => type === "metrics")).toHaveLength(3);
    expect(events[0]).toMatchObject({ object: "fine_tuning.job.event", level: "info", created_at: CREATED + 10 });
    const first = await readJson<CheckpointPage>(await read("checkpoints?limit=2"));
    expect([first.has_more, first.data.map(({ step_number: step }) => step)]).toEqual([true, [36, 24]]);
    const rest = await readJson<CheckpointPage>(await read(`checkpoints?after=${first.data[1]?.id}`));
    expect(rest.data.map(({ step_number: step }) => step)).toEqual([12]);
  });

  it("is paused, resumed and cancelled while that is possible", async () => {
    const created = await create({}, { job_seconds: 10, partial_tokens: true });
    expect(await readError(await act(created, "pause"))).toMatchObject({ status: 400 });
    await later(4, created);
    expect(await readJson(await act(created, "pause"))).toMatchObject({ status: "paused" });
    expect(await later(60, created)).toMatchObject({ status: "paused", estimated_finish: null });
    expect(await readJson(await act(created, "resume"))).toMatchObject({ status: "running" });
    const cancelled = await readJson(await act(created, "cancel"));
    expect(cancelled).toMatchObject({ status: "cancelled", trained_tokens: Math.floor((3 * TOKENS) / 4) });
    expect(await readError(await act(created, "cancel"))).toMatchObject({ status: 400 });
  });

  it.each<[string, object, object | undefined, object]>([
    ["a script", { job_fails: "while training" }, undefined, { code: "server_error" }],
    ["too few examples", {}, { text: `${LINE}\n` }, { code: "invalid_n_examples", param: "training_file" }],
    ["no example", {}, { text: `${LINE}\n{"a":1}\n` }, { code: "invalid_file_format", param: "training_file" }],
  ])("fails with %s, without trained tokens", async (_, script, file, error) => {
    const text = file && "text" in file ? { training_file: await training(String(file.text)) } : {};
    const failed = await later(2, await create(text, { job_seconds: 2, ...script }));
    expect(failed).toMatchObject({ status: "failed", trained_tokens: null, fine_tuned_model: null, error });
  });

  it("by reinforcement has the seconds of its training", async () => {
    const method = { type: "reinforcement", reinforcement: { grader: { type: "string_check" } } };
    const job = await create({ model: "o4-mini", method }, { job_seconds: 10 });
    expect(await later(6, job)).toMatchObject({ trained_tokens: null, usage_metrics: { training_seconds: 4 } });
  });

  it("is found by its metadata", async () => {
    const [first, second] = [await create({ metadata: { owner: "a" } }), await create({ metadata: { owner: "b" } })];
    const ids = async (query: string) => {
      const { data } = await readJson<{ data: FineTuningJob[] }>(await send("GET", `${JOBS}?${query}`));
      return data.map(({ id }) => id);
    };
    expect(await ids("limit=2")).toEqual([second.id, first.id]);
    expect(await ids("metadata[owner]=a")).toEqual([first.id]);
    expect((await send("GET", `${JOBS}/ftjob-x`)).status).toBe(404);
  });
});

it.each<[string, object, object]>([
  ["a model that is not trained", { model: "gpt-6.1-terra" }, { param: "model", code: "model_not_available" }],
  ["no such file", { training_file: "file-x" }, { param: "training_file" }],
  ["another method", { method: { type: "magic" } }, { param: "method.type" }],
  ["a method of other models", { method: { type: "reinforcement" } }, { param: "method.type" }],
  ["too many epochs", { method: epochs(51) }, { param: "n_epochs" }],
  ["a long suffix", { suffix: "x".repeat(65) }, { param: "suffix" }],
  ["an unknown field", { prompt: "" }, { param: "prompt" }],
  ["an unknown script", { metadata: { emulate: '{"batch_seconds":1}' } }, { param: "metadata.emulate" }],
  ["the end of new jobs", { metadata: { emulate: '{"closed":true}' } }, { status: 403 }],
])("A creation with %s is refused", async (_, fields, expected) => {
  expect(await readError(await post(fields))).toMatchObject({ status: 400, ...expected });
});
