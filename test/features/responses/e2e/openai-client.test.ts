// The openai package as it is, over /v1/responses.

import { zodTextFormat } from "openai/helpers/zod";
import type { ResponseInput, ResponseStreamEvent, ToolChoiceOptions } from "openai/resources/responses/responses";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { emulate } from "../../../support/emulation.ts";
import { createClient, PIXEL } from "../../../support/openai-client.ts";
import { useWeir } from "../../../support/weir.ts";

const weir = await useWeir();
afterEach(weir.report);
beforeEach(weir.emulation.zero);

const model = "o4-mini";
const SNAPSHOT = "o4-mini-2025-04-16";
const QUESTION = "Why does a weir make a river easier to measure?";
const DEPTH = "How deep is the river Lech?";

/** The provider's last request. */
const lastSent = async () => (await weir.emulation.stats()).last?.body as Record<string, unknown>;

describe("a response", () => {
  it("is one object without streaming", async () => {
    const { client, user } = await createClient(weir);
    const response = await client.responses.create({ model, input: QUESTION, instructions: "Be brief." });
    expect(response).toMatchObject({ object: "response", status: "completed", model: SNAPSHOT, store: false });
    expect(response.output_text).toMatch(/weir/);
    expect(response.usage?.output_tokens_details.reasoning_tokens).toBeGreaterThan(0);
    expect(await user.settled()).toEqual({ tokens: response.usage?.total_tokens, requests: 1, reserved: 0 });
    expect(await lastSent()).toMatchObject({ model: SNAPSHOT, instructions: "Be brief.", store: false });
  });

  it("streams the same text, in events with consecutive numbers", async () => {
    const { client, user } = await createClient(weir);
    const { output_text: whole } = await client.responses.create({ model, input: QUESTION });
    const { tokens: before } = await user.settled();
    const events: ResponseStreamEvent[] = [];
    for await (const event of await client.responses.create({ model, input: QUESTION, stream: true })) {
      events.push(event);
    }
    const deltas = events.flatMap((event) => (event.type === "response.output_text.delta" ? [event.delta] : []));
    expect(deltas.length).toBeGreaterThan(10);
    expect(deltas.join("")).toBe(whole);
    expect(events.map((event) => event.sequence_number)).toEqual(events.map((_, index) => index));
    expect(events[0]?.type).toBe("response.created");
    const last = events.at(-1);
    if (last?.type !== "response.completed") throw new Error(`it ended with ${last?.type}`);
    expect((await user.settled()).tokens - before).toBe(last.response.usage?.total_tokens);
  });

  it("is assembled by the client's stream, which reports every text", async () => {
    const { client } = await createClient(weir);
    const stream = client.responses.stream({ model, input: QUESTION });
    const texts: string[] = [];
    stream.on("response.output_text.delta", ({ delta, snapshot }) => {
      texts.push(delta);
      expect(snapshot).toBe(texts.join(""));
    });
    const final = await stream.finalResponse();
    expect(final).toMatchObject({ status: "completed", model: SNAPSHOT });
    expect(final.output_text).toBe(texts.join(""));
    expect(final.output_text).toMatch(/weir/);
  });

  it.each([1, 7, 1000])("is the same when its bytes arrive in pieces of %i", async (split) => {
    const { client } = await createClient(weir);
    const text = 'Größe 🌊 "quoted" \\ \n';
    const final = await client.responses.stream({ model, input: emulate({ text, split }) }).finalResponse();
    expect(final.output_text).toBe(text);
  });

  it("has a reasoning summary if requested", async () => {
    const { client } = await createClient(weir);
    const stream = client.responses.stream({ model, input: QUESTION, reasoning: { effort: "low", summary: "auto" } });
    let thought = "";
    stream.on("response.reasoning_summary_text.delta", ({ delta }) => {
      thought += delta;
    });
    const [reasoning] = (await stream.finalResponse()).output;
    expect(thought).toMatch(/weir/);
    expect(reasoning).toMatchObject({ type: "reasoning", summary: [{ type: "summary_text", text: thought }] });
  });

  it("follows a schema, and the client parses it, streamed or not", async () => {
    const { client } = await createClient(weir);
    const River = z.object({ river: z.string(), depth: z.int().min(3) });
    const request = { model, input: DEPTH, text: { format: zodTextFormat(River, "river") } };
    const parsed = await client.responses.parse(request);
    expect(parsed.output_parsed).toEqual({ river: "Lech", depth: 3 });
    const final = await client.responses.stream(request).finalResponse();
    expect(final.output_parsed).toEqual({ river: "Lech", depth: 3 });
  });

  it("accepts an image as data", async () => {
    const { client } = await createClient(weir);
    const image = { type: "input_image", image_url: PIXEL, detail: "auto" } as const;
    const input: ResponseInput = [{ role: "user", content: [{ type: "input_text", text: "What is in it?" }, image] }];
    const response = await client.responses.create({ model, input });
    expect(response.output_text).toMatch(/1 image/);
    expect(await lastSent()).toMatchObject({ input: [{ content: [{ type: "input_text" }, image] }] });
  });

  it("can be the model's refusal", async () => {
    const { client } = await createClient(weir);
    const final = await client.responses
      .stream({ model, input: emulate({ refuse: "I had rather not." }) })
      .finalResponse();
    expect(final.output.at(-1)).toMatchObject({
      type: "message",
      content: [{ type: "refusal", refusal: "I had rather not." }],
    });
  });

  it("is incomplete at the output bound, and costs its usage", async () => {
    const { client, user } = await createClient(weir);
    const request = { model, input: emulate({ tokens: 500, reasoning: 10 }), max_output_tokens: 60 };
    const cut = {
      status: "incomplete",
      incomplete_details: { reason: "max_output_tokens" },
      usage: { output_tokens: 60, output_tokens_details: { reasoning_tokens: 10 } },
    };
    const whole = await client.responses.create(request);
    const streamed = await client.responses.stream(request).finalResponse();
    expect(whole).toMatchObject(cut);
    expect(streamed).toMatchObject(cut);
    expect(streamed.output_text).toBe(whole.output_text);
    expect(await user.settled()).toEqual({ tokens: 2 * (whole.usage?.total_tokens ?? 0), requests: 2, reserved: 0 });
  });

  it("can be counted before, at the cost of a request and no tokens", async () => {
    const { client, user } = await createClient(weir);
    const request = { model, input: QUESTION, instructions: "Be brief." };
    const count = await client.responses.inputTokens.count(request);
    expect(count.object).toBe("response.input_tokens");
    expect(await user.settled()).toEqual({ tokens: 0, requests: 1, reserved: 0 });
    expect((await client.responses.create(request)).usage?.input_tokens).toBe(count.input_tokens);
  });
});

describe("tools", () => {
  const parameters = {
    type: "object",
    properties: { river: { type: "string" } },
    required: ["river"],
    additionalProperties: false,
  };
  const description = "Measures how deep a river is.";
  const tools = [{ type: "function" as const, name: "measure_river", description, parameters, strict: true }];
  const input: ResponseInput = [{ role: "user", content: DEPTH }];
  const request = { model, input, tools };

  it("are called, and the next request returns all items unchanged", async () => {
    const { client } = await createClient(weir);
    const first = await client.responses.create(request);
    const [thought, call] = first.output;
    expect(thought).toMatchObject({ type: "reasoning", encrypted_content: expect.stringMatching(/./) });
    if (call?.type !== "function_call") throw new Error("no function was called");
    expect(call.name).toBe("measure_river");
    expect(JSON.parse(call.arguments)).toEqual({ river: "Lech" });

    const result = { type: "function_call_output", call_id: call.call_id, output: "three metres" } as const;
    // By its type, an output can hold items that a request cannot.
    const output = first.output as ResponseInput;
    const second = await client.responses.create({ ...request, input: [...input, ...output, result] });
    expect(second.output_text).toContain("three metres");
    expect((await lastSent())["input"]).toEqual([...input, ...output, result]);
  });

  it("are called in a stream", async () => {
    const { client } = await createClient(weir);
    const stream = client.responses.stream(request);
    let streamed = "";
    stream.on("response.function_call_arguments.delta", ({ delta }) => {
      streamed += delta;
    });
    const call = (await stream.finalResponse()).output.at(-1);
    expect(call).toMatchObject({ type: "function_call", name: "measure_river", arguments: '{"river":"Lech"}' });
    expect(streamed).toBe('{"river":"Lech"}');
  });

  it("receive text when they are custom", async () => {
    const { client } = await createClient(weir);
    const custom = [{ type: "custom" as const, name: "write_note" }];
    const tool_choice: ToolChoiceOptions = "required";
    const response = await client.responses.create({ model, input: DEPTH, tools: custom, tool_choice });
    expect(response.output.at(-1)).toMatchObject({ type: "custom_tool_call", name: "write_note", input: DEPTH });
  });
});
