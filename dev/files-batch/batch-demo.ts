// `npm run demo -- --batch`: three questions as one batch, their answers, and the cost beside the direct price.

import { setTimeout as sleep } from "node:timers/promises";
import OpenAI, { toFile } from "openai";
import bundled from "../../src/core/catalog/default.json" with { type: "json" };
import type { Demo } from "../demo.ts";

const CARD = bundled.cards["gpt-5-mini"];
/** Lines of a batch name a snapshot. */
const [MODEL = ""] = Object.keys(CARD.snapshots);
const QUESTIONS = ["What is a weir?", "Who invented the water wheel?", "Why do rivers meander?"];
const MAX_TOKENS = 500;
/** The plan `free` has ten requests a minute. */
const POLL_MS = 1500;
const MILLION = 1_000_000;

interface OutputLine {
  custom_id: string;
  response: { body: OpenAI.ChatCompletion } | null;
}

/** Resolves with true when all questions have answers. */
export async function batchDemo({ url, authorization, print }: Demo): Promise<boolean> {
  const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: authorization.replace("Bearer ", "") });
  const lines = QUESTIONS.map((question, index) => ({
    custom_id: `question-${index + 1}`,
    method: "POST",
    url: "/v1/chat/completions",
    body: { model: MODEL, max_completion_tokens: MAX_TOKENS, messages: [{ role: "user", content: question }] },
  }));
  const content = lines.map((line) => JSON.stringify(line)).join("\n");
  const file = await client.files.create({
    file: await toFile(Buffer.from(content), "questions.jsonl"),
    purpose: "batch",
  });
  print(`[uploaded ${file.filename} with ${lines.length} questions as ${file.id}]\n`);

  let batch = await client.batches.create({
    input_file_id: file.id,
    endpoint: "/v1/chat/completions",
    completion_window: "24h",
  });
  print(`[created ${batch.id}, and reserved all that it can cost]\n`);
  const startedAt = performance.now();
  while (["validating", "in_progress", "finalizing"].includes(batch.status)) {
    await sleep(POLL_MS);
    batch = await client.batches.retrieve(batch.id);
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(0);
    const { completed = 0, total = 0 } = batch.request_counts ?? {};
    // The line replaces the one before.
    print(`\r[${batch.status}: ${completed} of ${total} answers after ${seconds} s]   `);
  }
  print("\n\n");
  if (batch.status !== "completed" || !batch.output_file_id) {
    console.error(`The batch ended as ${batch.status}.`);
    return false;
  }
  const output = await (await client.files.content(batch.output_file_id)).text();
  const answers = output
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as OutputLine);
  for (const [index, question] of QUESTIONS.entries()) {
    // The lines of the output have any order.
    const answer = answers.find(({ custom_id }) => custom_id === `question-${index + 1}`);
    print(`${question}\n  ${answer?.response?.body.choices[0]?.message.content ?? "(no answer)"}\n`);
  }
  const usages = answers.map(({ response }) => response?.body.usage);
  const sum = (count: "prompt_tokens" | "completion_tokens") =>
    usages.reduce((total, usage) => total + (usage?.[count] ?? 0), 0);
  const costAt = ({ input, output: price }: { input: number; output: number }) =>
    (sum("prompt_tokens") * input + sum("completion_tokens") * price) / MILLION;
  print(`\nusage: input ${sum("prompt_tokens")}, output ${sum("completion_tokens")} (tokens, from ${MODEL})\n`);
  print(
    `cost:  ${await chargedTo(url, authorization)} USD charged, ${toUsd(costAt(CARD.prices))} USD for direct requests\n`,
  );
  return answers.length === QUESTIONS.length;
}

/** The dollars that the user of the demo has spent. */
async function chargedTo(url: string, authorization: string): Promise<string> {
  const usage = (await (await fetch(`${url}/usage`, { headers: { authorization } })).json()) as {
    windows: { unit: string; used: number }[];
  };
  return toUsd(usage.windows.find(({ unit }) => unit === "usd")?.used ?? 0);
}

const toUsd = (amount: number) => amount.toLocaleString("en", { maximumFractionDigits: 9 });
