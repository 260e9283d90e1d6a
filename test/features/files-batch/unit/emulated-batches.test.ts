// Batches of the emulated provider: the clock of their states, validation, output, usage and faults.

import type { Batch } from "openai/resources";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type BatchPlan, batchStateAt } from "../../../../dev/provider/files-batch/batch-clock.ts";
import type { BilledRequest } from "../../../../dev/provider/kernel/bill.ts";
import { CREATED, readError, readJson, scripted, send } from "../../../provider/support/client.ts";
import { passTime } from "../../../support/clock.ts";
import { createBatch, later, linesOf, readOutput, uploaded } from "../support/emulated-batch.ts";

const model = "gpt-5-mini";
const chat = (tokens: number, text = "") => ({ model, messages: scripted({ tokens, reasoning: 0 }, text) });
const billed = async (name: string) => readJson<BilledRequest[]>(await send("GET", `/__stats/billed/${name}`));
const addFault = async (fault: object) => send("POST", "/__faults", fault);

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"] });
});
afterEach(async () => {
  vi.useRealTimers();
  await send("DELETE", "/__faults");
});

describe("the clock of a batch", () => {
  const plan: BatchPlan = { lineCount: 8, script: { batch_seconds: 10, cancel_seconds: 2 } };

  it.each<[string, BatchPlan, [ms: number, status: string, lines: number][]]>([
    [
      "that completes",
      plan,
      [
        [0, "validating", 0],
        [999, "validating", 0],
        [1000, "in_progress", 0],
        [2000, "in_progress", 1],
        [8999, "in_progress", 7],
        [9000, "finalizing", 8],
        [10_000, "completed", 8],
      ],
    ],
    [
      "that is not valid",
      { ...plan, lineCount: undefined },
      [
        [999, "validating", 0],
        [1000, "failed", 0],
      ],
    ],
    [
      "that expires",
      { ...plan, script: { batch_seconds: 10, expire_after_lines: 3 } },
      [
        [9500, "in_progress", 3],
        [10_000, "expired", 3],
      ],
    ],
    [
      "that is cancelled",
      { ...plan, cancelledAt: 5000 },
      [
        [4999, "in_progress", 3],
        [5000, "cancelling", 4],
        [7000, "cancelled", 4],
      ],
    ],
    ["that is cancelled before it begins", { ...plan, cancelledAt: 10 }, [[5000, "cancelled", 0]]],
    ["without duration", { ...plan, script: { batch_seconds: 0 } }, [[0, "completed", 8]]],
  ])("%s", (_, batch, states) => {
    for (const [ms, status, linesDue] of states) {
      expect(batchStateAt(batch, ms), String(ms)).toMatchObject({ status, linesDue });
    }
  });
});

describe("a batch", () => {
  it("runs its lines, and bills each once", async () => {
    const bodies = [chat(5, "emulate-bill-batch"), chat(7), { ...chat(1), temperature: 0.5 }, chat(9)];
    const created = await createBatch(linesOf(bodies), { batch_seconds: 10, fail_lines: [4] });
    expect(created).toMatchObject({
      object: "batch",
      status: "validating",
      model: "gpt-5-mini-2025-08-07",
      created_at: CREATED,
      expires_at: CREATED + 86_400,
      request_counts: { total: 0, completed: 0, failed: 0 },
      usage: { total_tokens: 0 },
      output_file_id: null,
      errors: null,
    });
    const running = await later(5, created);
    expect(running).toMatchObject({
      status: "in_progress",
      in_progress_at: CREATED + 1,
      request_counts: { total: 4, completed: 2, failed: 0 },
      usage: { output_tokens: 0 },
    });
    const done = await later(6, created);
    expect(done).toMatchObject({
      status: "completed",
      completed_at: CREATED + 10,
      request_counts: { total: 4, completed: 2, failed: 2 },
      usage: { output_tokens: 12, input_tokens: expect.any(Number) },
    });
    const output = await readOutput(done.output_file_id);
    expect(output.map(({ custom_id, response }) => [custom_id, response?.status_code])).toEqual([
      ["line-1", 200],
      ["line-2", 200],
    ]);
    const prompts = output.map(({ response }) => response?.body.usage?.["prompt_tokens"] ?? NaN);
    expect(done.usage?.input_tokens).toBe(prompts.reduce((sum, tokens) => sum + tokens));
    expect((await readOutput(done.error_file_id)).map(({ response }) => response?.status_code)).toEqual([400, 500]);
    expect(await billed("batch")).toEqual([
      {
        path: "/v1/chat/completions",
        model: "gpt-5-mini-2025-08-07",
        input: prompts[0],
        output: 5,
        batch: true,
      },
    ]);
    const again = await later(1, created);
    expect(again.output_file_id).toBe(done.output_file_id);
    expect(await readError(await send("POST", `/v1/batches/${created.id}/cancel`))).toMatchObject({ status: 409 });
  });

  it("is billed on time, also when nobody reads it, and once when many do", async () => {
    await createBatch(linesOf([chat(3, "emulate-bill-unread")]), { batch_seconds: 1 });
    expect(await billed("unread")).toEqual([]);
    passTime(2000);
    expect(await billed("unread")).toHaveLength(1);
    const read = await createBatch(linesOf([chat(3, "emulate-bill-read")]), { batch_seconds: 0 });
    await Promise.all([0, 0, 0].map((seconds) => later(seconds, read)));
    expect(await billed("read")).toHaveLength(1);
  });

  it("has its script in the first line too, and the line has the rest", async () => {
    const first = { model, messages: scripted({ tokens: 2, batch_seconds: 0, in_order: true } as object) };
    const done = await later(0, await createBatch(linesOf([first]), {}));
    expect(done).toMatchObject({ status: "completed", request_counts: { completed: 1 } });
    expect(JSON.stringify(await readOutput(done.output_file_id))).toContain('"completion_tokens":');
  });

  it("that expires or is cancelled has the lines until then", async () => {
    const text = linesOf([chat(1), chat(1), chat(1), chat(1)]);
    const expired = await later(11, await createBatch(text, { batch_seconds: 10, expire_after_lines: 3 }));
    expect(expired).toMatchObject({ status: "expired", request_counts: { total: 4, completed: 3, failed: 1 } });
    expect((await readOutput(expired.error_file_id))[0]).toMatchObject({
      custom_id: "line-4",
      response: null,
      error: { code: "batch_expired" },
    });
    const created = await createBatch(text, { batch_seconds: 10, cancel_seconds: 1 });
    await later(5, created);
    const cancelling = await readJson<Batch>(await send("POST", `/v1/batches/${created.id}/cancel`));
    expect(cancelling).toMatchObject({ status: "cancelling", output_file_id: null });
    const cancelled = await later(1, created);
    expect(cancelled).toMatchObject({ status: "cancelled", usage: { output_tokens: 2 } });
    expect(await readOutput(cancelled.output_file_id)).toHaveLength(2);
  });

  it("can lose its output, its usage and its creation", async () => {
    const text = linesOf([chat(1)]);
    const script = { batch_seconds: 0, no_output: true, no_batch_usage: true };
    const done = await later(0, await createBatch(text, script));
    expect(done.usage?.total_tokens).toBe(0);
    expect((await send("GET", `/v1/files/${done.output_file_id}/content`)).status).toBe(404);
    await expect(createBatch(text, { cut_after: 0 })).rejects.toThrow("cut");
    const { data } = await readJson<{ data: Batch[] }>(await send("GET", "/v1/batches?limit=1"));
    expect(data[0]?.metadata).toEqual({ emulate: '{"cut_after":0}' });
    expect(await createBatch(text, { status: 503 })).toMatchObject({ error: { code: "server_is_overloaded" } });
  });
});

describe("validation", () => {
  const line = (changes: object, body: object = chat(1)) =>
    `${JSON.stringify({ custom_id: "a", method: "POST", url: "/v1/chat/completions", body, ...changes })}\n`;

  it.each<[string, string, object]>([
    ["no line", "\n", { code: "empty_file", line: null }],
    ["no JSON", `${line({})}\n{`, { code: "invalid_json_line", line: 3 }],
    ["no id", line({ custom_id: null }), { code: "missing_required_parameter", line: 1, param: "custom_id" }],
    ["an id twice", line({}) + line({}), { code: "duplicate_custom_id", line: 2 }],
    ["another method", line({ method: "GET" }), { code: "invalid_method" }],
    ["another route", line({ url: "/v1/responses" }), { code: "url_mismatch", line: 1, param: "url" }],
    ["a stream", line({}, { ...chat(1), stream: true }), { code: "invalid_value", param: "body.stream" }],
    ["two models", line({}) + line({ custom_id: "b" }, { model: "o4-mini" }), { code: "model_mismatch", line: 2 }],
    ["no such model", line({}, { model: "x" }), { code: "model_not_found", line: 1 }],
  ])("fails a batch with %s", async (_, text, error) => {
    const failed = await later(1, await createBatch(text, { batch_seconds: 1 }));
    expect(failed).toMatchObject({ status: "failed", output_file_id: null, usage: { total_tokens: 0 } });
    expect(failed.errors?.data?.[0]).toMatchObject(error);
  });

  it.each<[string, object, object]>([
    ["no endpoint", { endpoint: undefined }, { param: "endpoint" }],
    ["another endpoint", { endpoint: "/v1/files" }, { param: "endpoint" }],
    ["another window", { completion_window: "1h" }, { param: "completion_window" }],
    ["no such file", { input_file_id: "file-x" }, { message: "No such File object: file-x" }],
    [
      "too much metadata",
      { metadata: Object.fromEntries(Array.from({ length: 17 }, (__, index) => [index, ""])) },
      { param: "metadata" },
    ],
    ["an unknown script", { metadata: { emulate: '{"x":1}' } }, { param: "metadata.emulate" }],
    ["an unknown field", { model }, { param: "model" }],
    [
      "a short lifetime",
      { output_expires_after: { anchor: "created_at", seconds: 1 } },
      { param: "output_expires_after.seconds" },
    ],
  ])("refuses a creation with %s", async (_, fields, expected) => {
    const file = await uploaded(line({}));
    const body = { input_file_id: file, endpoint: "/v1/chat/completions", completion_window: "24h", ...fields };
    expect(await readError(await send("POST", "/v1/batches", body))).toMatchObject({ status: 400, ...expected });
  });

  it("refuses a file of another purpose", async () => {
    const file = await uploaded(line({}), { purpose: "fine-tune" });
    const body = { input_file_id: file, endpoint: "/v1/chat/completions", completion_window: "24h" };
    expect(await readError(await send("POST", "/v1/batches", body))).toMatchObject({
      status: 400,
      param: "input_file_id",
    });
  });
});

describe("a fault of a route", () => {
  it("comes as often as it says, only on its route", async () => {
    const created = await createBatch(linesOf([chat(1)]), {});
    await addFault({ route: "GET /v1/batches/:id", status: 500, times: 2 });
    const read = async () => (await send("GET", `/v1/batches/${created.id}`)).status;
    expect([(await send("GET", "/v1/batches")).status, await read(), await read(), await read()]).toEqual([
      200, 500, 500, 200,
    ]);
  });

  it("cuts an answer after its work", async () => {
    const id = await uploaded("x".repeat(100));
    await addFault({ route: "GET /v1/files/:id/content", cut: 10 });
    await expect(send("GET", `/v1/files/${id}/content`).then((response) => response.text())).rejects.toThrow("cut");
    await addFault({ route: "DELETE /v1/files/:id", cut: 0 });
    await expect(send("DELETE", `/v1/files/${id}`).then((response) => response.text())).rejects.toThrow("cut");
    expect((await send("GET", `/v1/files/${id}`)).status).toBe(404);
  });

  it("must name a route", async () => {
    expect((await addFault({ status: 500 })).status).toBe(400);
  });
});
