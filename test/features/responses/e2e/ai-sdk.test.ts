// The AI SDK as it is, over /v1/responses. Its default refers to earlier items by id, as if the provider stored them.

import { createOpenAI } from "@ai-sdk/openai";
import type { ModelMessage, UIMessage } from "ai";
import { convertToModelMessages, generateText, isStepCount, readUIMessageStream, streamText, tool } from "ai";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { emulate } from "../../../support/emulation.ts";
import { rejection } from "../../../support/openai-client.ts";
import { useWeir } from "../../../support/weir.ts";

const weir = await useWeir();
afterEach(weir.report);
beforeEach(weir.emulation.zero);

const QUESTION: ModelMessage = { role: "user", content: "How deep is the river Lech?" };
const NEXT: ModelMessage = { role: "user", content: "Why does it matter?" };

/** The settings of a call with a tool, for a new user. */
async function createCall(name: string, store?: boolean) {
  const user = await weir.createUser();
  const provider = createOpenAI({ baseURL: `${weir.url}/v1`, apiKey: user.token });
  const measure = tool({
    description: "Measures how deep a river is.",
    inputSchema: z.object({ river: z.string() }),
    execute: () => "three metres",
  });
  const settings = { model: provider(name), tools: { measure }, stopWhen: isStepCount(3), maxRetries: 0 };
  return { user, call: { ...settings, ...(store === undefined ? {} : { providerOptions: { openai: { store } } }) } };
}

/** One turn: its text, and the messages that the next turn sends back. */
const WAYS = {
  async generateText(call: Awaited<ReturnType<typeof createCall>>["call"], messages: ModelMessage[]) {
    const { text, responseMessages } = await generateText({ ...call, messages });
    return { text, messages: responseMessages };
  },
  async streamText(call: Awaited<ReturnType<typeof createCall>>["call"], messages: ModelMessage[]) {
    const result = streamText({ ...call, messages });
    let text = "";
    for await (const part of result.fullStream) {
      if (part.type === "error") throw part.error;
      if (part.type === "text-delta") text += part.text;
    }
    return { text, messages: await result.responseMessages };
  },
};

interface Sent {
  store: boolean;
  input: { type?: string; role?: string; encrypted_content?: string }[];
}
const lastSent = async () => (await weir.emulation.stats()).last?.body as unknown as Sent;

describe.each(["generateText", "streamText"] as const)("%s", (way) => {
  describe.each([
    ["o4-mini", undefined],
    ["o4-mini", false],
    // The SDK does not know that this alias reasons, and then refers to a message without its reasoning too.
    ["default", undefined],
  ])("with %s, and 'store' %s", (name, store) => {
    it("uses a tool, and continues in a second turn, although nothing is stored", async () => {
      const { call, user } = await createCall(name, store);
      const first = await WAYS[way](call, [QUESTION]);
      expect(first.text).toContain("three metres");
      const second = await WAYS[way](call, [QUESTION, ...first.messages, NEXT]);
      expect(second.text).not.toBe("");
      const { store: stored, input } = await lastSent();
      expect(stored).toBe(false);
      expect(JSON.stringify(input)).toContain(first.text);
      const kinds = input.map(({ type, role }) => (type === undefined || type === "message" ? role : type));
      const tooled = ["user", "reasoning", "function_call", "function_call_output"];
      expect(kinds).toEqual([...tooled, "reasoning", "assistant", ...tooled]);
      for (const item of input) if (item.type === "reasoning") expect(item.encrypted_content).toBeTruthy();
      expect(await user.settled()).toMatchObject({ requests: 4, reserved: 0 });
    });
  });
});

it("a chat interface, which keeps the parts of messages, continues with them", async () => {
  const { call } = await createCall("default");
  const asked: UIMessage = { id: "1", role: "user", parts: [{ type: "text", text: QUESTION.content as string }] };
  const turn = streamText({ ...call, messages: await convertToModelMessages([asked]) });
  let answered: UIMessage | undefined;
  for await (const message of readUIMessageStream({ stream: turn.toUIMessageStream() })) answered = message;
  if (!answered) throw new Error("there was no answer");
  const next: UIMessage = { id: "3", role: "user", parts: [{ type: "text", text: NEXT.content as string }] };
  const messages = await convertToModelMessages([asked, answered, next]);
  expect((await WAYS.streamText(call, messages)).text).not.toBe("");
  expect(JSON.stringify((await lastSent()).input)).toContain("three metres");
});

it("streamText ends in an error when the model fails", async () => {
  const { call } = await createCall("o4-mini");
  const broken: ModelMessage = { role: "user", content: emulate({ tokens: 20, error_after: 5 }) };
  const error = await rejection(WAYS.streamText(call, [broken]));
  expect(JSON.stringify(error)).toContain("The model failed while answering. Please try again.");
});
