// POST /chat over a socket, with a model of each dialect.

import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import type { SlimToolCall } from "../../../../src/features/slim-chat/tool-calls.ts";
import { errorOf } from "../../../support/caller.ts";
import { createCatalog } from "../../../support/catalog.ts";
import { emulate } from "../../../support/emulation.ts";
import { readUntil } from "../../../support/events.ts";
import { readSlim, slimText } from "../../../support/slim-stream.ts";
import { CHATS } from "../../../support/surface.ts";
import { startWeir } from "../../../support/weir.ts";

const weir = await startWeir(createCatalog({ keep_alive_ms: 10 }));
afterAll(weir.close);
afterEach(weir.report);
beforeEach(weir.emulation.zero);

const MEGABYTE = 1024 * 1024;
const THIRTEEN_TOKENS = "water runs over the low wall and the river keeps its level while";
const DEPTH = "How deep is the river Lech?";
const LEFT = { "tokens/month": expect.any(Number), "requests/month": 9999 };
const COUNTED = { cached: 0, output: 77, reasoning: 64, usd: expect.any(Number), input: expect.any(Number) };

/** A slim stream's text, and the events after it. */
async function read(response: Response) {
  expect(response.status).toBe(200);
  const events = readSlim(await response.bytes());
  return { text: slimText(events), rest: events.filter(({ name }) => name !== "text") };
}

const COUNTER = "/v1/responses/input_tokens";

describe.each([
  ["Chat Completions", "o4-mini", "/v1/chat/completions"],
  ["Responses", "gpt-6.1-terra", "/v1/responses"],
])("a chat with a model over %s", (_dialect, model, path) => {
  afterEach(async () => {
    const { by_path } = await weir.emulation.stats();
    // An answer that breaks off is charged by the exact count of its input.
    expect(Object.keys(by_path).filter((each) => each !== COUNTER)).toEqual([path]);
  });
  const thinking = { model, input: emulate({ tokens: 13, reasoning: 64 }) };

  it("streams its text, starting with the first word, then one done with usage and quota", async () => {
    const user = await weir.createUser();
    const response = await user.post("/chat", thinking);
    expect(response.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
    const bytes = await response.bytes();
    expect(new TextDecoder().decode(bytes)).toMatch(/^data:"water"\n\n/);
    const events = readSlim(bytes);
    expect(events).toEqual([
      { name: "text", data: THIRTEEN_TOKENS },
      { name: "done", data: { finish: "stop", usage: COUNTED, left: LEFT } },
    ]);
    const { windows } = await user.usage();
    const left = Object.fromEntries(windows.map((window) => [`${window.unit}/${window.per}`, window.left]));
    expect(events[1]?.data).toMatchObject({ left });
  });

  it("is one object without streaming", async () => {
    const response = await (await weir.createUser()).post("/chat", { ...thinking, stream: false });
    expect(response.headers.get("content-type")).toBe("application/json");
    expect(await response.json()).toEqual({ text: THIRTEEN_TOKENS, finish: "stop", usage: COUNTED, left: LEFT });
  });

  it("has complete tool calls, and accepts their results", async () => {
    const user = await weir.createUser();
    const question = { role: "user", content: DEPTH };
    const parameters = { type: "object", properties: { river: { type: "string" } } };
    const tools = [{ name: "measure_river", description: "Measures a river.", parameters }];
    const { text, rest } = await read(await user.post("/chat", { model, input: [question], tools }));
    expect(text).toBe("");
    expect(rest).toMatchObject([
      { name: "tool", data: { name: "measure_river", arguments: '{"river":"Lech"}' } },
      { name: "done", data: { finish: "tool_calls" } },
    ]);
    const call = rest[0]?.data as SlimToolCall | undefined;
    const result = { role: "tool", id: call?.id, content: "three metres" };
    const input = [question, { role: "assistant", tools: [call] }, result];
    expect((await read(await user.post("/chat", { model, input, tools }))).text).toContain("three metres");
  });

  it.each([
    ["an error", { error_after: 5 }, "The model failed while answering. Please try again."],
    ["a cut connection", { cut_after: 5 }, "The model's answer broke off. Please try again."],
  ])("that breaks off with %s sends its text and then fails", async (_how, fault, message) => {
    const user = await weir.createUser();
    const input = emulate({ tokens: 20, delay_ms: 1, split: 7, ...fault });
    const { text, rest } = await read(await user.post("/chat", { model, input }));
    expect(text).toBe("water runs over the low");
    const error = { message, type: "server_error", param: null, code: "provider_error" };
    expect(rest).toEqual([{ name: "failed", data: { error } }]);
  });
});

const withImage = (bytes: number) => {
  const url = `data:image/png;base64,${"A".repeat(bytes)}`;
  return { input: [{ role: "user", content: [{ type: "image", url }] }] };
};
const refusalOf = async (response: Response) => [response.status, (await errorOf(response)).code];

describe("a body", () => {
  it("of 2 MB with an image is accepted, and the image does not cost its bytes", async () => {
    const user = await weir.createUser();
    const response = await user.post("/chat", withImage(2 * MEGABYTE));
    expect((await read(response)).text).toContain("1 image");
    expect((await user.settled()).tokens).toBeLessThan(10_000);
    expect((await weir.emulation.stats()).bytes_in).toBeGreaterThan(2 * MEGABYTE);
  });

  it("of more than 4 MB is a 413, with and without a content-length", async () => {
    const user = await weir.createUser();
    const large = withImage(4 * MEGABYTE);
    expect(await refusalOf(await user.post("/chat", large))).toEqual([413, "body_too_large"]);
    const body = new Blob([JSON.stringify(large)]).stream();
    const init = { method: "POST", body, duplex: "half" as const };
    expect(await refusalOf(await user.get("/chat", init))).toEqual([413, "body_too_large"]);
    expect((await weir.emulation.stats()).requests).toBe(0);
  });

  it("that is 33 levels deep or invalid JSON is a 400", async () => {
    const user = await weir.createUser();
    const deep = `{"input":"Hi","format":${'{"not":'.repeat(32)}{}${"}".repeat(33)}`;
    expect(await refusalOf(await user.post("/chat", deep))).toEqual([400, "invalid_request"]);
    expect(await refusalOf(await user.post("/chat", '{"input":'))).toEqual([400, "invalid_json"]);
  });
});

it("every response has a request id, which is the caller's own if it is safe", async () => {
  const user = await weir.createUser();
  const idOf = async (path: string, init?: RequestInit) => {
    const response = await user.post(path, { input: "Hi", stream: false }, init);
    await response.text();
    return response.headers.get("x-request-id");
  };
  for (const path of ["/chat", "/nowhere"]) {
    expect(await idOf(path)).toMatch(/^[\w-]{20,}$/);
    expect(await idOf(path, { headers: { "x-request-id": "phone-7" } })).toBe("phone-7");
    expect(await idOf(path, { headers: { "x-request-id": 'x"} {' } })).toMatch(/^[\w-]{20,}$/);
  }
});

const LONG = { tokens: 10_000, delay_ms: 5 };

describe.each(CHATS)("a caller of %s who leaves", (_, surface) => {
  it("in the middle of a stream stops the provider, is charged, and has no lease left", async () => {
    const user = await weir.createUser();
    const control = new AbortController();
    const body = surface.body(LONG, true);
    const response = await user.post(surface.path, body, { signal: control.signal });
    await readUntil(response.body, "river");
    expect(await user.usage()).toMatchObject({ leases: { running: 1 } });
    control.abort();
    const { tokens, ...rest } = await user.settled();
    expect(rest).toEqual({ requests: 1, reserved: 0 });
    expect(tokens).toBeGreaterThan(0);
    expect(tokens).toBeLessThanOrEqual(surface.shown(body) + 2016);
    expect(await weir.emulation.idle()).toMatchObject({ streams: 1, cancelled: 1 });
  });

  // The first keep-alive starts the response, and a failed one shows that the caller has left.
  it("before a stream starts stops the provider", async () => {
    const user = await weir.createUser();
    const control = new AbortController();
    const body = surface.body({ ...LONG, first_ms: 500 }, true);
    const response = user.post(surface.path, body, { signal: control.signal });
    await weir.emulation.busy();
    control.abort();
    await Promise.allSettled([response]);
    expect(await user.settled()).toMatchObject({ requests: 1, reserved: 0 });
    expect(await weir.emulation.idle()).toMatchObject({ cancelled: 1 });
  });
});

it("a caller who leaves a silent stream is detected by the next keep-alive", async () => {
  const user = await weir.createUser();
  const control = new AbortController();
  const body = { input: emulate({ tokens: 50, stall_after: 5 }) };
  const response = await user.post("/chat", body, { signal: control.signal });
  await readUntil(response.body, ' low"');
  control.abort();
  expect(await user.settled()).toMatchObject({ requests: 1, reserved: 0 });
  expect(await weir.emulation.idle()).toMatchObject({ streams: 1, cancelled: 1 });
});

it("a caller who leaves before a whole answer is charged, and has no lease left", async () => {
  const user = await weir.createUser();
  const control = new AbortController();
  const body = { input: emulate({ tokens: 20, first_ms: 500 }), stream: false };
  const response = user.post("/chat", body, { signal: control.signal });
  await weir.emulation.busy();
  control.abort();
  await expect(response).rejects.toThrow("abort");
  const { tokens, ...rest } = await user.settled();
  expect(rest).toEqual({ requests: 1, reserved: 0 });
  expect(tokens).toBeGreaterThan(0);
});
