import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ToolCall } from "../../src/features/slim-chat/codec.ts";
import { errorOf } from "../support/caller.ts";
import { emulate } from "../support/emulation.ts";
import { readEvents } from "../support/events.ts";
import { readSlim, slimText } from "../support/slim-stream.ts";
import { startWeir } from "../support/weir.ts";

const weir = await startWeir();
afterAll(weir.close);
afterEach(weir.report);
beforeEach(weir.emulation.zero);

const MEGABYTE = 1024 * 1024;
const THIRTEEN_TOKENS = "water runs over the low wall and the river keeps its level while";

const imageOf = (bytes: number) => `data:image/png;base64,${"A".repeat(bytes)}`;
const withImage = (url: string) => ({
  input: [
    {
      role: "user",
      content: [
        { type: "text", text: "What?" },
        { type: "image", url },
      ],
    },
  ],
});

const refusalOf = async (response: Response) => ({ status: response.status, code: (await errorOf(response)).code });

/** A chat whose body is that many levels deep. */
const nested = (levels: number) =>
  `{"input":"Hi","format":{"type":"object","additionalProperties":false,"not":${'{"not":'.repeat(levels - 3)}{}${"}".repeat(levels - 1)}`;

/** A slim stream's text, and the events that came after it. */
async function read(response: Response) {
  expect(response.status).toBe(200);
  const events = readSlim(await response.bytes());
  return { text: slimText(events), rest: events.filter(({ name }) => name !== "text") };
}

describe("a slim chat", () => {
  const thinking = emulate({ tokens: 13, reasoning: 64 });

  it("streams text, the first of it at once, then one done with usage and what is left", async () => {
    const user = await weir.createUser();
    const response = await user.post("/chat", { input: thinking });
    expect(response.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
    const bytes = await response.bytes();
    expect(new TextDecoder().decode(bytes)).toMatch(/^data:"water"\n\n/);
    const events = readSlim(bytes);
    expect(events.map(({ name }) => name)).toEqual(["text", "done"]);
    expect(slimText(events)).toBe(THIRTEEN_TOKENS);
    expect(events.at(-1)?.data).toEqual({
      finish: "stop",
      usage: { input: expect.any(Number), cached: 0, output: 77, reasoning: 64, usd: expect.any(Number) },
      left: { "tokens/month": expect.any(Number), "requests/month": 9999 },
    });
  });

  it("says in done what is left after it, as GET /usage does", async () => {
    const user = await weir.createUser();
    const { rest } = await read(await user.post("/chat", { input: "Hi" }));
    const [done] = rest;
    if (!done) throw new Error("it never was done");
    const { usage, left } = done.data as { usage: { input: number; output: number }; left: Record<string, number> };
    const { windows } = await user.usage();
    expect(windows[0]).toMatchObject({ used: usage.input + usage.output, reserved: 0, left: left["tokens/month"] });
    expect(windows[1]).toMatchObject({ used: 1, reserved: 0, left: left["requests/month"] });
  });

  it("comes whole when it is not to stream", async () => {
    const response = await (await weir.createUser()).post("/chat", { input: thinking, stream: false });
    expect(response.headers.get("content-type")).toBe("application/json");
    expect(await response.json()).toEqual({
      text: THIRTEEN_TOKENS,
      finish: "stop",
      usage: { input: expect.any(Number), cached: 0, output: 77, reasoning: 64, usd: expect.any(Number) },
      left: { "tokens/month": expect.any(Number), "requests/month": 9999 },
    });
  });

  it("hands over whole tool calls, and takes their results", async () => {
    const user = await weir.createUser();
    const question = { role: "user", content: "How deep is the river Lech?" };
    const parameters = { type: "object", properties: { river: { type: "string" } } };
    const tools = [{ name: "measure_river", description: "Measures a river.", parameters }];
    const { text, rest } = await read(await user.post("/chat", { input: [question], tools }));
    expect(text).toBe("");
    expect(rest).toMatchObject([
      { name: "tool", data: { name: "measure_river", arguments: '{"river":"Lech"}' } },
      { name: "done", data: { finish: "tool_calls" } },
    ]);
    const call = rest[0]?.data as ToolCall | undefined;
    const result = { role: "tool", id: call?.id, content: "three metres" };
    const turns = [question, { role: "assistant", tools: [call] }, result];
    expect((await read(await user.post("/chat", { input: turns, tools }))).text).toContain("three metres");
  });

  it.each([7, 1000])("is the same when the provider's bytes come in pieces of %i", async (split) => {
    const text = 'Größe 🌊 "quoted" \\ \n';
    const response = await (await weir.createUser()).post("/chat", { input: emulate({ text, split }) });
    expect((await read(response)).text).toBe(text);
  });

  it("sends text in far fewer events than tokens", async () => {
    const response = await (await weir.createUser()).post("/chat", { input: emulate({ tokens: 400, delay_ms: 1 }) });
    expect(readEvents(await response.text()).length).toBeLessThan(100);
  });
});

describe("a body", () => {
  it("of 2 MB with an image is accepted, and the image is not counted by its bytes", async () => {
    const user = await weir.createUser();
    const response = await user.post("/chat", withImage(imageOf(2 * MEGABYTE)));
    expect((await read(response)).text).toContain("1 image");
    expect((await user.settled()).tokens).toBeLessThan(10_000);
    expect((await weir.emulation.stats()).bytes_in).toBeGreaterThan(2 * MEGABYTE);
  });

  it("of more than 4 MB is a 413", async () => {
    const user = await weir.createUser();
    const response = await user.post("/chat", withImage(imageOf(4 * MEGABYTE)));
    expect(await refusalOf(response)).toEqual({ status: 413, code: "body_too_large" });
    expect((await weir.emulation.stats()).requests).toBe(0);
  });

  it("of more than 4 MB is a 413 also when its length is not told", async () => {
    const user = await weir.createUser();
    const body = new Blob([JSON.stringify(withImage(imageOf(4 * MEGABYTE)))]).stream();
    const init = { method: "POST", body, duplex: "half" as const };
    expect(await refusalOf(await user.get("/chat", init))).toEqual({ status: 413, code: "body_too_large" });
  });

  it("that is 33 levels deep is a 400, and brackets in a text are not levels", async () => {
    const user = await weir.createUser();
    expect(await refusalOf(await user.post("/chat", nested(33)))).toEqual({ status: 400, code: "invalid_request" });
    expect((await user.post("/chat", nested(32))).status).toBe(200);
    expect((await user.post("/chat", { input: `"${"[{".repeat(100)}` })).status).toBe(200);
  });

  it.each([
    ["broken JSON", '{"input":', "invalid_json"],
    ["empty", "", "invalid_json"],
    ["not an object", "[]", "invalid_request"],
    ["without input", "{}", "invalid_request"],
    ["with a field that is not known", '{"input":"Hi","temperature":1}', "unsupported_parameter"],
    [
      "with an image that is neither https nor data",
      JSON.stringify(withImage("http://example.com/a.png")),
      "invalid_request",
    ],
  ])("that is %s is a 400", async (_, body, code) => {
    expect(await refusalOf(await (await weir.createUser()).post("/chat", body))).toEqual({ status: 400, code });
  });
});

describe("x-request-id", () => {
  it.each([
    ["an answer", 200, "/chat", '{"input":"Hi"}'],
    ["a refusal", 400, "/chat", "{"],
    ["an unknown path", 404, "/nowhere", "{}"],
    ["a provider's failure", 502, "/chat", JSON.stringify({ input: emulate({ status: 500 }) })],
  ])("is on %s, the caller's own where there was one", async (_, status, path, body) => {
    const user = await weir.createUser();
    const unnamed = await user.post(path, body);
    await unnamed.text();
    expect(unnamed.status).toBe(status);
    expect(unnamed.headers.get("x-request-id")).toMatch(/^[\w-]{20,}$/);
    const named = await user.post(path, body, { headers: { "x-request-id": "phone-7" } });
    await named.text();
    expect(named.headers.get("x-request-id")).toBe("phone-7");
  });

  it("is on a 401", async () => {
    const response = await fetch(`${weir.url}/chat`, { method: "POST", headers: { "x-request-id": "phone-7" } });
    expect(response.status).toBe(401);
    expect(response.headers.get("x-request-id")).toBe("phone-7");
  });

  it("that could break a log or a header is replaced", async () => {
    const user = await weir.createUser();
    const response = await user.get("/usage", { headers: { "x-request-id": 'x"} {' } });
    expect(response.headers.get("x-request-id")).toMatch(/^[\w-]{20,}$/);
  });
});
