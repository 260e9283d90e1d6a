import { beforeEach, describe, expect, it } from "vitest";
import { errorOf } from "../support/caller.ts";
import { createCatalog } from "../support/catalog.ts";
import { emulate } from "../support/emulation.ts";
import { ask, OPENAI, SLIM, SURFACES } from "../support/surface.ts";
import { createUser, emulation, useCatalog } from "../support/workerd.ts";

const SNAPSHOT = "o4-mini-2025-04-16";
const PLAN_OUTPUT = 2000;

const CALLERS_HEADERS = {
  accept: "application/json",
  cookie: "session=1",
  "openai-organization": "org-caller",
  "openai-project": "proj-caller",
  "openai-beta": "assistants=v2",
  "user-agent": "a-phone/1.0",
  "x-api-key": "callers-key",
  "x-forwarded-for": "203.0.113.7",
  "x-stainless-lang": "js",
  traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
};

/** Every header that an answer may have; those of the platform's own are not set inside workerd. */
const ANSWER_HEADERS = [
  "cache-control",
  "content-type",
  "openai-processing-ms",
  "server-timing",
  "weir-attempts",
  "weir-max-output-tokens",
  "weir-model",
  "weir-revision",
  "x-ratelimit-limit-requests",
  "x-ratelimit-limit-tokens",
  "x-ratelimit-remaining-requests",
  "x-ratelimit-remaining-tokens",
  "x-ratelimit-reset-requests",
  "x-ratelimit-reset-tokens",
  "x-request-id",
];

const namesOf = (headers: Iterable<[string, string]>) => [...headers].map(([name]) => name).toSorted();
const messages = [{ role: "user", content: emulate({ tokens: 3 }) }];

/** Sends a body to /v1/chat/completions and gives what the provider got of it. */
async function forwarded(body: Record<string, unknown>): Promise<Record<string, unknown> | undefined> {
  const response = await (await createUser()).post(OPENAI.path, body);
  expect(response.status, await response.text()).toBe(200);
  return (await emulation.stats()).last?.body;
}

async function refusal(body: Record<string, unknown>) {
  const response = await (await createUser()).post(OPENAI.path, body);
  const { code, param } = await errorOf(response);
  expect((await emulation.stats()).requests).toBe(0);
  return { status: response.status, code, param };
}

beforeEach(async () => {
  await useCatalog(createCatalog());
  await emulation.zero();
});

describe.each(SURFACES)("on %s", (_, surface) => {
  it.each([
    ["streamed", true],
    ["whole", false],
  ])(
    "the provider gets no header of the caller's, and the caller none of the provider's, when %s",
    async (_, stream) => {
      const user = await createUser();
      const body = surface.body({ tokens: 3 }, stream);
      const response = await user.post(surface.path, body, { headers: CALLERS_HEADERS });
      expect(response.status).toBe(200);
      await response.text();
      const { last } = await emulation.stats();
      expect(last?.path).toBe(surface.upstream);
      expect(Object.keys(last?.headers ?? {}).toSorted()).toEqual(["authorization", "content-length", "content-type"]);
      expect(last?.headers["content-type"]).toBe("application/json");

      expect(namesOf(response.headers)).toEqual(ANSWER_HEADERS);
      expect(response.headers.get("content-type")).toBe(
        stream ? "text/event-stream; charset=utf-8" : "application/json",
      );
      expect(response.headers.get("weir-model")).toBe(last?.body.model);
      expect(response.headers.get("x-ratelimit-limit-requests")).toBe("10000");
      expect(response.headers.get("x-request-id")).not.toMatch(/^req_/);
    },
  );

  it("a failed answer shows none of the provider's headers but retry-after", async () => {
    const response = await ask(await createUser(), surface, { status: 429, retry_after: 1 });
    await response.text();
    const metered = ANSWER_HEADERS.filter((name) => !["cache-control", "openai-processing-ms"].includes(name));
    expect(namesOf(response.headers)).toEqual([...metered, "retry-after"].toSorted());
    expect(response.headers.get("x-ratelimit-limit-requests")).toBe("10000");
  });

  it("a request keeps the id that its caller gave it, and gets one otherwise", async () => {
    const user = await createUser();
    const body = surface.body({ tokens: 1 }, true);
    const named = await user.post(surface.path, body, { headers: { "x-request-id": "phone-7" } });
    await named.text();
    expect(named.headers.get("x-request-id")).toBe("phone-7");
    const unnamed = await user.post(surface.path, body);
    await unnamed.text();
    expect(unnamed.headers.get("x-request-id")).toMatch(/^[\w-]{20,}$/);
  });
});

describe("what the provider gets of a chat completion", () => {
  it("is what the caller sent, but for the model, the output bound and the wish for usage", async () => {
    const body = {
      messages: [
        { role: "developer", content: "Answer briefly.", name: "app" },
        {
          role: "user",
          content: [
            { type: "text", text: "What is it?" },
            { type: "image_url", image_url: { url: "https://example.com/a.png", detail: "low" } },
          ],
        },
        {
          role: "assistant",
          content: null,
          tool_calls: [{ id: "call_1", type: "function", function: { name: "look", arguments: "{}" } }],
        },
        { role: "tool", tool_call_id: "call_1", content: "A wall." },
        ...messages,
      ],
      reasoning_effort: "low",
      tools: [{ type: "function", function: { name: "look", parameters: { type: "object", properties: {} } } }],
      tool_choice: "auto",
      response_format: { type: "text" },
      seed: 7,
      user: "a-hash",
      metadata: { screen: "home" },
      store: false,
      stream: true,
      stream_options: { include_obfuscation: false },
    };
    expect(await forwarded({ ...body, model: "default", max_completion_tokens: 50 })).toEqual({
      ...body,
      model: SNAPSHOT,
      max_completion_tokens: 50,
      stream_options: { include_obfuscation: false, include_usage: true },
    });
  });

  it("has the plan's output bound, and never more", async () => {
    const least = { model: SNAPSHOT, messages };
    expect(await forwarded(least)).toEqual({ ...least, max_completion_tokens: PLAN_OUTPUT });
    expect(await forwarded({ ...least, max_completion_tokens: 1_000_000 })).toMatchObject({
      max_completion_tokens: PLAN_OUTPUT,
    });
  });

  it("has max_tokens under the name that the model knows", async () => {
    const least = { model: SNAPSHOT, messages };
    expect(await forwarded({ ...least, max_tokens: 40 })).toEqual({ ...least, max_completion_tokens: 40 });
  });

  it("has nothing that the model refuses, where leaving it out changes nothing", async () => {
    const least = { model: SNAPSHOT, messages };
    const defaults = {
      temperature: 1,
      top_p: 1,
      presence_penalty: 0,
      logprobs: false,
      parallel_tool_calls: true,
      stop: null,
    };
    expect(await forwarded({ ...least, ...defaults })).toEqual({ ...least, max_completion_tokens: PLAN_OUTPUT });
  });
});

describe("a chat completion is refused before it reaches the provider", () => {
  const least = { model: "o4-mini", messages };
  const image = { type: "image_url", image_url: { url: "https://example.com/a.png" } };

  it.each<[string, Record<string, unknown>, string, string]>([
    ["a parameter that the model refuses", { ...least, temperature: 0.2 }, "unsupported_parameter", "temperature"],
    [
      "an effort that the model has not",
      { ...least, reasoning_effort: "xhigh" },
      "unsupported_value",
      "reasoning_effort",
    ],
    ["a field that nobody knows", { ...least, web_search_options: {} }, "unsupported_parameter", "web_search_options"],
    ["a wish to store the answer", { ...least, store: true }, "invalid_request", "store"],
    ["a costlier service", { ...least, service_tier: "priority" }, "invalid_request", "service_tier"],
    ["another modality", { ...least, modalities: ["audio"] }, "unsupported_value", "modalities"],
    [
      "a tool that the provider would run",
      { ...least, tools: [{ type: "web_search" }] },
      "invalid_request",
      "tools.0.type",
    ],
    [
      "a file",
      { ...least, messages: [{ role: "user", content: [{ type: "file", file: { file_id: "file-1" } }] }] },
      "invalid_request",
      "messages.0.content.0.type",
    ],
    [
      "an image for a model without eyes",
      { ...least, model: "o3-mini", messages: [{ role: "user", content: [image] }] },
      "unsupported_value",
      "messages",
    ],
    ["a model of another endpoint", { ...least, model: "text-embedding-3-small" }, "unsupported_value", "model"],
    ["no message", { ...least, messages: [] }, "invalid_request", "messages"],
    ["an output bound of nothing", { ...least, max_completion_tokens: 0 }, "invalid_request", "max_completion_tokens"],
  ])("for %s", async (_, body, code, param) => {
    expect(await refusal(body)).toEqual({ status: 400, code, param });
  });
});

describe("what the provider gets of a slim chat", () => {
  it("is the same chat in its own dialect", async () => {
    const schema = {
      type: "object",
      properties: { verdict: { type: "string" } },
      required: ["verdict"],
      additionalProperties: false,
    };
    const response = await (
      await createUser()
    ).post(SLIM.path, {
      model: "o4-mini",
      instructions: "Answer briefly.",
      input: [
        {
          role: "user",
          content: [
            { type: "text", text: "What is it?" },
            { type: "image", url: "data:image/png;base64,AAAA" },
          ],
        },
        { role: "assistant", tools: [{ id: "call_1", name: "look", arguments: "{}" }] },
        { role: "tool", id: "call_1", content: "A wall." },
        { role: "user", content: emulate({ text: '{"verdict":"a weir"}' }) },
      ],
      effort: "low",
      max_output_tokens: 300,
      format: schema,
      tools: [{ name: "look", description: "Looks at it.", parameters: { type: "object" } }],
      stream: false,
    });
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ text: '{"verdict":"a weir"}', finish: "stop" });
    expect((await emulation.stats()).last?.body).toEqual({
      model: SNAPSHOT,
      messages: [
        { role: "system", content: "Answer briefly." },
        {
          role: "user",
          content: [
            { type: "text", text: "What is it?" },
            { type: "image_url", image_url: { url: "data:image/png;base64,AAAA" } },
          ],
        },
        {
          role: "assistant",
          content: null,
          tool_calls: [{ id: "call_1", type: "function", function: { name: "look", arguments: "{}" } }],
        },
        { role: "tool", tool_call_id: "call_1", content: "A wall." },
        { role: "user", content: emulate({ text: '{"verdict":"a weir"}' }) },
      ],
      reasoning_effort: "low",
      max_completion_tokens: 300,
      response_format: { type: "json_schema", json_schema: { name: "answer", strict: true, schema } },
      tools: [
        { type: "function", function: { name: "look", description: "Looks at it.", parameters: { type: "object" } } },
      ],
      stream: false,
    });
  });
});
