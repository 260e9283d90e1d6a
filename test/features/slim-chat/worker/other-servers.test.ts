// Servers other than OpenAI that speak its API: their model names, headers, streams and usage.

import { describe, expect, it } from "vitest";
import type { ModelCard } from "../../../../src/core/catalog/card.ts";
import { finishChunk, sse, textChunk } from "../../../support/chat-chunks.ts";
import { readEvents } from "../../../support/events.ts";
import { createHouseCatalog } from "../../../support/house.ts";
import { upstream } from "../../../support/providers.ts";
import { SLIM } from "../../../support/surface.ts";
import { createUser, useCatalog } from "../../../support/workerd.ts";

const MODEL = "meta-llama/llama-3.3-70b-instruct";
const ANSWER = textChunk("Hello") + finishChunk();
const usageOf = (usage: object) => sse({ choices: [], usage });

/** A user of the server, which streams these bytes; `sent` has its requests. */
async function deploy(stream: string, card: Partial<ModelCard> = {}, provider = {}, contentType = "text/event-stream") {
  await useCatalog(createHouseCatalog(provider, { snapshots: { [MODEL]: {} }, ...card }));
  const sent: { headers: Headers; body: Record<string, unknown> }[] = [];
  const { UPSTREAM } = upstream(async (request) => {
    sent.push({ headers: request.headers, body: await request.json() });
    // A body of bytes has no content type of its own.
    return new Response(
      new TextEncoder().encode(stream),
      contentType === "" ? {} : { headers: { "content-type": contentType } },
    );
  });
  const variables = { PROVIDER_HOSTS: "models.house.test", HOUSE_API_KEY: "house-key", UPSTREAM };
  const user = await createUser(undefined, variables);
  const chat = async () => {
    const response = await user.post(SLIM.path, { model: MODEL, input: "Hi" });
    return {
      status: response.status,
      events: readEvents(await response.text()).map(({ name, data }) => `${name} ${data}`),
    };
  };
  return { ...user, sent, chat };
}

describe("a model with a slash in its name", () => {
  it("is called by that name", async () => {
    const user = await deploy(ANSWER);
    expect(await user.chat()).toMatchObject({
      status: 200,
      events: ['text "Hello"', expect.stringContaining("done ")],
    });
    expect(user.sent[0]?.body).toMatchObject({ model: MODEL, stream: true, stream_options: { include_usage: true } });
  });
});

describe("a server that refuses stream_options", () => {
  const card: Partial<ModelCard> = { refuses: { chat_completions: ["stream_options"] } };

  it("streams without it, and is charged by the usage that comes anyway", async () => {
    const user = await deploy(ANSWER + usageOf({ prompt_tokens: 5, completion_tokens: 7, total_tokens: 12 }), card);
    expect((await user.chat()).status).toBe(200);
    expect(user.sent[0]?.body).not.toHaveProperty("stream_options");
    expect(await user.settled()).toEqual({ tokens: 12, requests: 1, reserved: 0 });
  });

  it("is charged by an estimate without usage", async () => {
    const user = await deploy(ANSWER, card);
    await user.chat();
    const { tokens, reserved } = await user.settled();
    expect(reserved).toBe(0);
    expect(tokens).toBeGreaterThan(0);
  });
});

it("reasoning that is counted beside the output is charged", async () => {
  const usage = { prompt_tokens: 32, completion_tokens: 9, total_tokens: 1041 };
  const user = await deploy(ANSWER + usageOf({ ...usage, completion_tokens_details: { reasoning_tokens: 1000 } }));
  const { events } = await user.chat();
  expect(events.at(-1)).toContain('"output":1009,"reasoning":1000');
  expect((await user.settled()).tokens).toBe(1041);
});

it("a key in a header of its own is the only key", async () => {
  const user = await deploy(ANSWER, {}, { key_header: "api-key" });
  await user.chat();
  expect(user.sent[0]?.headers.get("api-key")).toBe("house-key");
  expect(user.sent[0]?.headers.get("authorization")).toBeNull();
});

it.each(["", "Text/Event-Stream;charset=UTF-8", "text/event-stream ; charset=utf-8", "TEXT/EVENT-STREAM"])(
  "a stream with the content type %j is relayed, although its last blank line is missing",
  async (contentType) => {
    const user = await deploy(ANSWER.trimEnd(), {}, {}, contentType);
    expect(await user.chat()).toMatchObject({
      status: 200,
      events: ['text "Hello"', expect.stringContaining("done ")],
    });
  },
);

it.each(["text/html", "text/event-stream-ish", "application/json"])(
  "an answer with the content type %s is no stream",
  async (contentType) => {
    expect((await (await deploy(ANSWER, {}, {}, contentType)).chat()).status).toBe(502);
  },
);

it.each(["error", "insufficient_system_resource"])("an answer that ends with '%s' has failed", async (reason) => {
  const user = await deploy(
    textChunk("Hel") + finishChunk(reason) + usageOf({ prompt_tokens: 5, completion_tokens: 7 }),
  );
  const { events } = await user.chat();
  expect(events).toEqual(['text "Hel"', expect.stringMatching(/^failed .*"provider_error"/)]);
  expect((await user.settled()).tokens).toBe(12);
});

const callWithoutId = (index: number) => ({
  index,
  id: "",
  function: { name: "weather", arguments: `{"day":${index}}` },
});

it("tool calls without an id can be sent back with their results", async () => {
  const calls = sse({
    choices: [{ index: 0, delta: { tool_calls: [callWithoutId(0), callWithoutId(1)] }, finish_reason: "tool_calls" }],
  });
  const user = await deploy(calls, { features: ["streaming", "function_calling"] });
  const { events } = await user.chat();
  const tools = events
    .filter((event) => event.startsWith("tool "))
    .map((event) => JSON.parse(event.slice(5)) as { id: string });
  const results = tools.map(({ id }) => ({ role: "tool", id, content: "7" }));
  const input = [{ role: "user", content: "Hi" }, { role: "assistant", content: null, tools }, ...results];
  const response = await user.post(SLIM.path, { model: MODEL, input, stream: null });
  expect([tools.length, response.status]).toEqual([2, 200]);
  await response.text();
});
