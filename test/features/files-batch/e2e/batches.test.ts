// The `openai` package as it is, over batches: as its documentation shows them.

import type OpenAI from "openai";
import { afterEach, expect, it } from "vitest";
import { emulate } from "../../../support/emulation.ts";
import { createClient, rejection } from "../../../support/openai-client.ts";
import { repeatUntil } from "../../../support/repeat.ts";
import { useWeir } from "../../../support/weir.ts";

const weir = await useWeir();
afterEach(weir.report);

const endpoint = "/v1/chat/completions";
const model = "o4-mini-2025-04-16";

/** A file with one question for each number of tokens. */
function fileOf(tokens: number[], changes: object = {}): File {
  const lines = tokens.map((count, index) => {
    const messages = [{ role: "user", content: emulate({ tokens: count, reasoning: 0 }) }];
    const body = { model, messages, max_completion_tokens: 100, ...changes };
    return JSON.stringify({ custom_id: `request-${index + 1}`, method: "POST", url: endpoint, body });
  });
  return new File([lines.join("\n")], "questions.jsonl");
}

const create = async (client: OpenAI, script: object) => {
  const file = await client.files.create({ file: fileOf([3, 5, 7]), purpose: "batch" });
  const metadata = { emulate: JSON.stringify(script) };
  return client.batches.create({ input_file_id: file.id, endpoint, completion_window: "24h", metadata });
};

it("the openai client runs a batch, reads its output, and lists it", async () => {
  const { client, user } = await createClient(weir);
  const created = await create(client, { batch_seconds: 0.1, fail_lines: [2] });
  expect(created).toMatchObject({ object: "batch", endpoint, metadata: { emulate: expect.any(String) } });
  const batch = await repeatUntil(
    () => client.batches.retrieve(created.id),
    ({ status }) => status === "completed",
  );
  expect(batch.request_counts).toEqual({ total: 3, completed: 2, failed: 1 });
  const output = await (await client.files.content(batch.output_file_id ?? "")).text();
  const answers = output
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { custom_id: string; response: { body: OpenAI.ChatCompletion } });
  expect(new Set(answers.map(({ custom_id }) => custom_id))).toEqual(new Set(["request-1", "request-3"]));
  const tokens = answers.reduce((sum, { response }) => sum + (response.body.usage?.total_tokens ?? 0), 0);
  expect(batch.usage?.total_tokens).toBe(tokens);
  expect(await user.settled()).toMatchObject({ tokens, reserved: 0 });
  const errors = await (await client.files.content(batch.error_file_id ?? "")).text();
  expect(errors).toContain('"custom_id":"request-2"');
  const listed: string[] = [];
  for await (const { id } of client.batches.list({ limit: 1 })) listed.push(id);
  expect(listed).toEqual([batch.id]);
  expect((await client.files.list({ purpose: "batch_output" })).data.map(({ id }) => id)).toEqual(
    expect.arrayContaining([batch.output_file_id, batch.error_file_id]),
  );
});

it("the openai client cancels a batch, and nobody else can", async () => {
  const [{ client, user }, other] = [await createClient(weir), await createClient(weir)];
  const { id } = await create(client, { batch_seconds: 3600, cancel_seconds: 0 });
  expect(await rejection(other.client.batches.cancel(id))).toMatchObject({ status: 404, code: "not_found" });
  expect(await client.batches.cancel(id)).toMatchObject({ id, status: "cancelled" });
  expect(await user.settled()).toMatchObject({ tokens: 0, reserved: 0 });
});

it("the openai client is told the line and the field of a fault", async () => {
  const { client } = await createClient(weir);
  const file = fileOf([1, 2], { max_completion_tokens: undefined });
  expect(await rejection(client.files.create({ file, purpose: "batch" }))).toMatchObject({
    status: 400,
    param: "max_completion_tokens",
    message: "400 line 1: 'max_completion_tokens' must be given, and be at most 2000.",
  });
});
