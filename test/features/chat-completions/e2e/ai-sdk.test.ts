// The AI SDK as it is, over /v1/chat/completions: `openai.chat`, and the package for compatible providers.

import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import type { LanguageModel, ModelMessage } from "ai";
import { generateText, isStepCount, streamText, tool } from "ai";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { emulate } from "../../../support/emulation.ts";
import { rejection } from "../../../support/openai-client.ts";
import { useWeir } from "../../../support/weir.ts";

const weir = await useWeir();
afterEach(weir.report);
beforeEach(weir.emulation.zero);

const baseURL = `${weir.url}/v1`;
const PACKAGES: [string, (apiKey: string) => LanguageModel][] = [
  ["openai.chat", (apiKey) => createOpenAI({ baseURL, apiKey }).chat("o4-mini")],
  ["openai-compatible", (apiKey) => createOpenAICompatible({ name: "weir", baseURL, apiKey })("o4-mini")],
  [
    "openai-compatible with usage",
    (apiKey) => createOpenAICompatible({ name: "weir", baseURL, apiKey, includeUsage: true })("o4-mini"),
  ],
];

const QUESTION: ModelMessage = { role: "user", content: "How deep is the river Lech?" };
const NEXT: ModelMessage = { role: "user", content: "Why does it matter?" };
const measure = tool({
  description: "Measures how deep a river is.",
  inputSchema: z.object({ river: z.string() }),
  execute: () => "three metres",
});

describe.each(PACKAGES)("%s", (_name, createModel) => {
  async function createCall() {
    const user = await weir.createUser();
    const model = createModel(user.token);
    return { user, call: { model, tools: { measure }, stopWhen: isStepCount(3), maxRetries: 0 } };
  }

  it("generateText uses a tool, and continues in a second turn", async () => {
    const { user, call } = await createCall();
    const first = await generateText({ ...call, messages: [QUESTION] });
    expect(first.text).toContain("three metres");
    const second = await generateText({ ...call, messages: [QUESTION, ...first.responseMessages, NEXT] });
    expect(second.text).not.toBe("");
    const tokens = (first.usage.totalTokens ?? NaN) + (second.usage.totalTokens ?? NaN);
    expect(await user.settled()).toEqual({ tokens, requests: 4, reserved: 0 });
  });

  it("streamText uses a tool, and continues in a second turn", async () => {
    const { user, call } = await createCall();
    const first = streamText({ ...call, messages: [QUESTION] });
    const texts = await Array.fromAsync(first.textStream);
    expect(texts.length).toBeGreaterThan(3);
    expect(texts.join("")).toContain("three metres");
    const messages = [QUESTION, ...(await first.responseMessages), NEXT];
    expect(await streamText({ ...call, messages }).text).not.toBe("");
    expect(await user.settled()).toMatchObject({ requests: 4, reserved: 0 });
  });

  it("streamText gets one error when the model fails in the middle", async () => {
    const { call } = await createCall();
    const broken: ModelMessage = { role: "user", content: emulate({ tokens: 20, error_after: 5 }) };
    const errors: unknown[] = [];
    let text = "";
    for await (const part of streamText({ ...call, messages: [broken], onError: () => undefined }).fullStream) {
      if (part.type === "error") errors.push(part.error);
      if (part.type === "text-delta") text += part.text;
    }
    expect(text).toBe("water runs over the low");
    expect(errors).toHaveLength(1);
    expect(JSON.stringify(errors)).toContain("The model failed while answering. Please try again.");
  });

  it("generateText throws Weir's message for a refusal", async () => {
    const { call } = await createCall();
    const error = await rejection(generateText({ ...call, prompt: "Hi", stopSequences: ["."] }));
    expect(error).toMatchObject({ statusCode: 400, message: expect.stringContaining("does not support 'stop'") });
  });
});
