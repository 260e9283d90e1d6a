// uses: chat-completions
// `openai` for Node: a job from its file to its model, and all that the client can do with a job.

import { createReadStream, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { NotFoundError } from "openai";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createClient, rejection } from "../../../support/openai-client.ts";
import { repeatUntil } from "../../../support/repeat.ts";
import { useWeir } from "../../../support/weir.ts";

let weir: Awaited<ReturnType<typeof useWeir>>;
const folder = mkdtempSync(join(tmpdir(), "weir-tuning-"));
const path = join(folder, "examples.jsonl");

beforeAll(async () => {
  weir = await useWeir();
  const messages = [
    { role: "user", content: "How wide is the weir?" },
    { role: "assistant", content: "Twelve metres." },
  ];
  writeFileSync(path, `${JSON.stringify({ messages })}\n`.repeat(10));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** A client with a training file, and a function that creates its jobs. */
async function createTrainer() {
  const { client } = await createClient(weir);
  const { id: training_file } = await client.files.create({ file: createReadStream(path), purpose: "fine-tune" });
  const create = (seconds: number) =>
    client.fineTuning.jobs.create({
      model: "gpt-4.1-mini-2025-04-14",
      training_file,
      method: { type: "supervised", supervised: { hyperparameters: { n_epochs: 2 } } },
      metadata: { emulate: JSON.stringify({ job_seconds: seconds }), team: "river" },
    });
  return { client, create };
}

it("trains a model, which answers its owner", async () => {
  const { client, create } = await createTrainer();
  const { id } = await create(0);
  const job = await client.fineTuning.jobs.retrieve(id);
  expect(job).toMatchObject({ status: "succeeded", metadata: { team: "river" }, error: {} });
  const checkpoints: string[] = [];
  for await (const each of client.fineTuning.jobs.checkpoints.list(id))
    checkpoints.push(each.fine_tuned_model_checkpoint);
  expect(checkpoints).toHaveLength(2);
  for await (const event of client.fineTuning.jobs.listEvents(id, { limit: 2 })) {
    expect(event.object).toBe("fine_tuning.job.event");
  }
  const results = await client.files.content(job.result_files[0] ?? "");
  expect(await results.text()).toContain("train_loss");
  const model = job.fine_tuned_model ?? "";
  expect(checkpoints).toContain(model);
  const { choices } = await client.chat.completions.create({ model, messages: [{ role: "user", content: "Hi" }] });
  expect(choices[0]?.message.content).toEqual(expect.any(String));
  const stranger = await createClient(weir);
  const error = await rejection(stranger.client.fineTuning.jobs.retrieve(id));
  expect(error).toBeInstanceOf(NotFoundError);
});

it("pauses, resumes, cancels and lists jobs", async () => {
  const { client, create } = await createTrainer();
  const { jobs } = client.fineTuning;
  const { id } = await create(3);
  await repeatUntil(
    () => jobs.retrieve(id),
    ({ status }) => status === "running",
  );
  expect((await jobs.pause(id)).status).toBe("paused");
  expect((await jobs.resume(id)).status).toBe("running");
  expect((await jobs.cancel(id)).status).toBe("cancelled");
  const other = await create(0);
  const found: string[] = [];
  for await (const job of jobs.list({ limit: 1 })) found.push(job.id);
  expect(found.toSorted()).toEqual([id, other.id].toSorted());
});
