// uses: responses
// LangChain as it is, over both endpoints.

import type { BaseMessage } from "@langchain/core/messages";
import { HumanMessage, ToolMessage } from "@langchain/core/messages";
import { tool } from "@langchain/core/tools";
import { ChatOpenAI } from "@langchain/openai";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { emulate } from "../../../support/emulation.ts";
import { rejection } from "../../../support/openai-client.ts";
import { useWeir } from "../../../support/weir.ts";

const weir = await useWeir();
afterEach(weir.report);
beforeEach(weir.emulation.zero);

const QUESTION = new HumanMessage("How deep is the river Lech?");
const measure = tool(() => "three metres", {
  name: "measure_river",
  description: "Measures how deep a river is.",
  schema: z.object({ river: z.string() }),
});

describe.each([
  ["Chat Completions", false],
  ["Responses", true],
])("over %s", (_name, useResponsesApi) => {
  async function createModel() {
    const user = await weir.createUser();
    const configuration = { baseURL: `${weir.url}/v1` };
    const settings = { model: "o4-mini", apiKey: user.token, maxRetries: 0, useResponsesApi, configuration };
    return { user, model: new ChatOpenAI(settings) };
  }

  it("invoke calls a tool, answers with its result, and continues in a second turn", async () => {
    const { user, model } = await createModel();
    const bound = model.bindTools([measure]);
    const messages: BaseMessage[] = [QUESTION];
    const called = await bound.invoke(messages);
    const [call] = called.tool_calls ?? [];
    if (!call) throw new Error("no tool was called");
    expect(call).toMatchObject({ name: "measure_river", args: { river: "Lech" } });
    const result = new ToolMessage({ content: "three metres", tool_call_id: call.id ?? "" });
    const answer = await bound.invoke(messages.concat(called, result));
    expect(answer.text).toContain("three metres");
    const next = messages.concat(called, result, answer, new HumanMessage("Why does it matter?"));
    expect((await model.invoke(next)).text).not.toBe("");
    expect(await user.settled()).toMatchObject({ requests: 3, reserved: 0 });
  });

  it("stream sends text, then its usage", async () => {
    const { user, model } = await createModel();
    const chunks = await Array.fromAsync(await model.stream([QUESTION]));
    expect(chunks.filter(({ text }) => text !== "").length).toBeGreaterThan(5);
    const usage = chunks.flatMap(({ usage_metadata }) => usage_metadata ?? []);
    const tokens = Math.max(...usage.map(({ total_tokens }) => total_tokens));
    expect(await user.settled()).toEqual({ tokens, requests: 1, reserved: 0 });
  });

  it("stream throws Weir's message when the model fails in the middle", async () => {
    const { model } = await createModel();
    const stream = await model.stream([new HumanMessage(emulate({ tokens: 20, error_after: 5 }))]);
    let text = "";
    const read = async () => {
      for await (const chunk of stream) text += chunk.text;
    };
    expect(await rejection(read())).toMatchObject({ message: "The model failed while answering. Please try again." });
    expect(text).toBe("water runs over the low");
  });
});
