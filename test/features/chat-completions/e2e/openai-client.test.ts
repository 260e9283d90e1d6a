// The openai package as it is, over /v1/chat/completions.

import { APIError, BadRequestError, NotFoundError } from "openai";
import type { ChatCompletionChunk, ChatCompletionMessageParam } from "openai/resources";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { emulate } from "../../../support/emulation.ts";
import { createClient, PIXEL, rejection } from "../../../support/openai-client.ts";
import { itRetriesOnlyFaults } from "../../../support/openai-retries.ts";
import { useWeir } from "../../../support/weir.ts";

const weir = await useWeir();
afterEach(weir.report);
beforeEach(weir.emulation.zero);

const MODEL = "o4-mini";
const SNAPSHOT = "o4-mini-2025-04-16";

const ask = (content: string): ChatCompletionMessageParam[] => [{ role: "user", content }];

/** All chunks of a stream. `chunks` also has those before a failure. */
async function collect(stream: AsyncIterable<ChatCompletionChunk>, chunks: ChatCompletionChunk[] = []) {
  for await (const chunk of stream) chunks.push(chunk);
  return chunks;
}

const textOf = (chunks: ChatCompletionChunk[]) => chunks.map(({ choices }) => choices[0]?.delta.content ?? "").join("");

describe("a chat completion", () => {
  const messages = ask("Why does a weir make a river easier to measure?");

  it("is one object without streaming", async () => {
    const { client, user } = await createClient(weir);
    const completion = await client.chat.completions.create({ model: MODEL, messages });
    expect(completion).toMatchObject({ object: "chat.completion", model: SNAPSHOT });
    expect(completion.choices[0]).toMatchObject({ finish_reason: "stop", message: { role: "assistant" } });
    expect(completion.choices[0]?.message.content).toMatch(/weir/);
    expect(await user.settled()).toMatchObject({ tokens: completion.usage?.total_tokens, requests: 1 });
  });

  it("streams the same text, without a chunk that has no choices", async () => {
    const { client } = await createClient(weir);
    const whole = await client.chat.completions.create({ model: MODEL, messages });
    const chunks = await collect(await client.chat.completions.create({ model: MODEL, messages, stream: true }));
    expect(chunks.length).toBeGreaterThan(10);
    expect(chunks.filter(({ choices }) => choices.length === 0)).toEqual([]);
    expect(chunks.filter(({ usage }) => usage)).toEqual([]);
    expect(textOf(chunks)).toBe(whole.choices[0]?.message.content);
    expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe("stop");
  });

  it("streams its usage at the end if requested", async () => {
    const { client, user } = await createClient(weir);
    const options = { stream: true, stream_options: { include_usage: true } } as const;
    const chunks = await collect(await client.chat.completions.create({ model: MODEL, messages, ...options }));
    const last = chunks.at(-1);
    expect(last?.choices).toEqual([]);
    expect(last?.usage?.completion_tokens_details?.reasoning_tokens).toBeGreaterThan(0);
    expect(chunks.slice(0, -1).filter(({ choices, usage }) => choices.length === 0 || usage)).toEqual([]);
    expect(await user.settled()).toMatchObject({ tokens: last?.usage?.total_tokens });
  });

  it("has the requested number of choices", async () => {
    const { client } = await createClient(weir);
    const { choices } = await client.chat.completions.create({ model: MODEL, messages, n: 2 });
    expect(choices.map(({ index }) => index)).toEqual([0, 1]);
  });

  it("stops at the output bound, and costs its usage", async () => {
    const { client, user } = await createClient(weir);
    const completion = await client.chat.completions.create({
      model: MODEL,
      messages: ask(emulate({ tokens: 500, reasoning: 10 })),
      max_completion_tokens: 60,
    });
    expect(completion.choices[0]?.finish_reason).toBe("length");
    expect(completion.usage?.completion_tokens).toBe(60);
    expect(await user.settled()).toMatchObject({ tokens: completion.usage?.total_tokens });
  });

  it("accepts images as data and by URL", async () => {
    const { client } = await createClient(weir);
    const urls = [PIXEL, "https://example.com/weir.png"];
    const images = urls.map((url) => ({ type: "image_url", image_url: { url } }) as const);
    const completion = await client.chat.completions.create({
      model: MODEL,
      messages: [{ role: "user", content: [{ type: "text", text: "What is in them?" }, ...images] }],
    });
    expect(completion.choices[0]?.message.content).toMatch(/2 images/);
    const { last } = await weir.emulation.stats();
    expect(JSON.stringify(last?.body)).toContain(PIXEL);
  });

  it("follows a JSON schema, and the client parses it", async () => {
    const { client } = await createClient(weir);
    const schema = {
      type: "object",
      properties: { river: { type: "string" }, depth: { type: "integer", minimum: 3 } },
      required: ["river", "depth"],
      additionalProperties: false,
    };
    const completion = await client.chat.completions.parse({
      model: MODEL,
      messages: ask("How deep is the river Lech?"),
      response_format: { type: "json_schema", json_schema: { name: "river", strict: true, schema } },
    });
    expect(completion.choices[0]?.message.parsed).toEqual({ river: "Lech", depth: 3 });
  });
});

describe("tools", () => {
  const tools = [
    {
      type: "function",
      function: {
        name: "measure_river",
        description: "Measures how deep a river is.",
        parameters: { type: "object", properties: { river: { type: "string" } }, required: ["river"] },
      },
    },
  ] as const;
  const messages = ask("How deep is the river Lech?");
  const request = { model: MODEL, messages, tools: [...tools] };

  it("are called, and the next turn uses their result", async () => {
    const { client } = await createClient(weir);
    const first = await client.chat.completions.create(request);
    expect(first.choices[0]?.finish_reason).toBe("tool_calls");
    const message = first.choices[0]?.message;
    const call = message?.tool_calls?.[0];
    if (!message || call?.type !== "function") throw new Error("no function was called");
    expect(call.function.name).toBe("measure_river");
    expect(JSON.parse(call.function.arguments)).toEqual({ river: "Lech" });

    const result = { role: "tool", tool_call_id: call.id, content: "three metres" } as const;
    const second = await client.chat.completions.create({ ...request, messages: [...messages, message, result] });
    expect(second.choices[0]?.finish_reason).toBe("stop");
    expect(second.choices[0]?.message.content).toContain("three metres");
  });

  it("are called in a stream", async () => {
    const { client } = await createClient(weir);
    const final = await client.chat.completions.stream(request).finalChatCompletion();
    const call = final.choices[0]?.message.tool_calls?.[0];
    if (call?.type !== "function") throw new Error("no function was called");
    expect(JSON.parse(call.function.arguments)).toEqual({ river: "Lech" });
  });
});

describe("the client throws", () => {
  it("NotFoundError for an unknown model", async () => {
    const { client } = await createClient(weir);
    const error = await rejection(client.chat.completions.create({ model: "gpt-nothing", messages: ask("Hi") }));
    expect(error).toBeInstanceOf(NotFoundError);
    expect(error).toMatchObject({ status: 404, code: "model_not_found", param: "model" });
  });

  it("BadRequestError for an unsupported parameter", async () => {
    const { client } = await createClient(weir);
    const error = await rejection(
      client.chat.completions.create({ model: MODEL, messages: ask("Hi"), temperature: 0 }),
    );
    expect(error).toBeInstanceOf(BadRequestError);
    expect(error).toMatchObject({ status: 400, code: "unsupported_parameter", param: "temperature" });
  });

  itRetriesOnlyFaults(weir, (client, input) =>
    client.chat.completions.create({ model: MODEL, messages: ask(input), stream: true }),
  );

  describe.each([
    ["", {}],
    [" with usage", { stream_options: { include_usage: true } }],
  ])("APIError for a stream%s", (_what, options) => {
    it.each([
      ["an error", { error_after: 5 }],
      ["a cut connection", { cut_after: 5 }],
      ["a cut connection, in pieces", { cut_after: 5, split: 7 }],
    ])("that breaks off with %s", async (_how, fault) => {
      const { client } = await createClient(weir);
      const messages = ask(emulate({ tokens: 20, delay_ms: 1, ...fault }));
      const stream = await client.chat.completions.create({ model: MODEL, messages, stream: true, ...options });
      const chunks: ChatCompletionChunk[] = [];
      expect(await rejection(collect(stream, chunks))).toBeInstanceOf(APIError);
      expect(textOf(chunks)).toBe("water runs over the low");
    });
  });
});
