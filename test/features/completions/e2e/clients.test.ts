// The `openai` package and the AI SDK as they are, over /v1/completions.

import { createOpenAI } from "@ai-sdk/openai";
import { generateText, streamText } from "ai";
import { APIError } from "openai";
import { afterEach, beforeEach, expect, it } from "vitest";
import { COMPLETER } from "../../../support/catalog.ts";
import { emulate } from "../../../support/emulation.ts";
import { createClient, rejection } from "../../../support/openai-client.ts";
import { useWeir } from "../../../support/weir.ts";

const weir = await useWeir();
afterEach(weir.report);
beforeEach(weir.emulation.zero);

const FIVE = "water runs over the low";

it("the openai client completes several prompts at once", async () => {
  const { client, user } = await createClient(weir);
  const prompt = [emulate({ tokens: 5 }), "The river"];
  const { choices, usage, object } = await client.completions.create({ model: COMPLETER, prompt, max_tokens: 9 });
  expect(object).toBe("text_completion");
  expect(choices.map(({ text, finish_reason: finish }) => [text, finish])).toEqual([
    [FIVE, "stop"],
    [FIVE, "stop"],
  ]);
  expect(await user.settled()).toEqual({ tokens: usage?.total_tokens, requests: 1, reserved: 0 });
});

it("the openai client streams a completion, with usage at its end, and throws when it breaks off", async () => {
  const { client, user } = await createClient(weir);
  const options = { model: COMPLETER, max_tokens: 30, stream: true, stream_options: { include_usage: true } } as const;
  const chunks = await Array.fromAsync(await client.completions.create({ ...options, prompt: emulate({ tokens: 5 }) }));
  expect(chunks.map(({ choices }) => choices[0]?.text ?? "").join("")).toBe(FIVE);
  expect(await user.settled()).toMatchObject({ tokens: chunks.at(-1)?.usage?.total_tokens });

  const broken = await client.completions.create({ ...options, prompt: emulate({ tokens: 20, cut_after: 5 }) });
  expect(await rejection(Array.fromAsync(broken))).toBeInstanceOf(APIError);
});

it("the AI SDK generates and streams text with openai.completion", async () => {
  const user = await weir.createUser();
  const model = createOpenAI({ baseURL: `${weir.url}/v1`, apiKey: user.token }).completion(COMPLETER);
  const call = { model, prompt: "How deep is the river Lech?", maxOutputTokens: 60, maxRetries: 0 };
  const { text, usage } = await generateText(call);
  expect(text).toContain("emulated provider");
  const streamed = streamText(call);
  expect(await streamed.text).toBe(text);
  const tokens = (usage.totalTokens ?? NaN) + ((await streamed.usage).totalTokens ?? NaN);
  expect(await user.settled()).toEqual({ tokens, requests: 2, reserved: 0 });
});
