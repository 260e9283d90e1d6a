// The @openai/agents package as it is, over /v1/responses.

import {
  Agent,
  OpenAIResponsesModel,
  run,
  setDefaultOpenAIClient,
  setTracingDisabled,
  tool,
  user,
} from "@openai/agents";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { emulate } from "../../../support/emulation.ts";
import { createClient } from "../../../support/openai-client.ts";
import { useWeir } from "../../../support/weir.ts";

const weir = await useWeir();
afterEach(weir.report);
beforeEach(weir.emulation.zero);
setTracingDisabled(true);

const MODEL = "o4-mini";
const QUESTION = "How deep is the river Lech?";

/** The provider's last request. */
const lastSent = async () => (await weir.emulation.stats()).last?.body as { input: { type: string }[] };

/** An agent of a new user with one tool, and the arguments of the tool's calls. */
async function createAgent() {
  const { client, user } = await createClient(weir);
  const called: unknown[] = [];
  const measure = tool({
    name: "measure_river",
    description: "Measures how deep a river is.",
    parameters: z.object({ river: z.string() }),
    execute: (sent) => {
      called.push(sent);
      return "three metres";
    },
  });
  const model = new OpenAIResponsesModel(client, MODEL);
  return { agent: new Agent({ name: "Ranger", instructions: "Be brief.", model, tools: [measure] }), called, user };
}

describe("an agent with a tool", () => {
  it("calls it, and answers with its result", async () => {
    const { agent, called, user } = await createAgent();
    const result = await run(agent, QUESTION);
    expect(called).toEqual([{ river: "Lech" }]);
    expect(result.finalOutput).toContain("three metres");
    const { totalTokens } = result.state.usage;
    expect(await user.settled()).toEqual({ tokens: totalTokens, requests: 2, reserved: 0 });
  });

  it("streams events and text", async () => {
    const { agent, called, user } = await createAgent();
    const result = await run(agent, QUESTION, { stream: true });
    const texts: string[] = [];
    const names: string[] = [];
    for await (const event of result) {
      if (event.type === "run_item_stream_event") names.push(event.name);
      if (event.type === "raw_model_stream_event" && event.data.type === "output_text_delta") {
        texts.push(event.data.delta);
      }
    }
    await result.completed;
    expect(called).toEqual([{ river: "Lech" }]);
    expect(names).toEqual([
      "reasoning_item_created",
      "tool_called",
      "tool_output",
      "reasoning_item_created",
      "message_output_created",
    ]);
    expect(texts.length).toBeGreaterThan(5);
    expect(texts.join("")).toBe(result.finalOutput);
    expect(result.finalOutput).toContain("three metres");
    expect(await user.settled()).toMatchObject({ requests: 2, reserved: 0 });
  });

  it("continues from its history with the reasoning, although nothing is stored", async () => {
    const { agent } = await createAgent();
    const { history } = await run(agent, QUESTION);
    const result = await run(agent, [...history, user("Why does it matter?")]);
    expect(result.finalOutput).toBeDefined();
    const { input } = await lastSent();
    const reasoning = input.filter(({ type }) => type === "reasoning");
    expect(reasoning.length).toBeGreaterThan(1);
    for (const item of reasoning) expect(item).toHaveProperty("encrypted_content");
  });

  it("fails with Weir's message when the model fails", async () => {
    const { agent } = await createAgent();
    const broken = emulate({ tokens: 20, error_after: 5 });
    const result = await run(agent, broken, { stream: true });
    await expect(result.completed).rejects.toThrow("The model failed while answering. Please try again.");
  });
});

it("an agent with the default client answers by its schema", async () => {
  const { client } = await createClient(weir);
  setDefaultOpenAIClient(client);
  const outputType = z.object({ river: z.string(), depth: z.int().min(3) });
  const agent = new Agent({ name: "Surveyor", instructions: "Be exact.", model: MODEL, outputType });
  expect((await run(agent, QUESTION)).finalOutput).toEqual({ river: "Lech", depth: 3 });
});
