// The kernel of the emulated provider: API key, models, scripts, faults and totals.
import * as fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import provider from "../../../dev/provider/index.ts";
import { fillerTokens, tokenize } from "../../../dev/provider/kernel/generation/tokens.ts";
import { repeatUntil } from "../../support/repeat.ts";
import { complete, emulatedEnv, readError, readJson, readStats } from "../support/client.ts";
import { scripted, send, sendChat, toFrames, user } from "../support/client.ts";

async function readModelAt(moment: string): Promise<Response> {
  const headers = { authorization: "Bearer emulated-key" };
  const request = new Request("http://provider.test/v1/models/o4-mini", { headers });
  return provider.fetch(request, { ...emulatedEnv, NOW: moment });
}

/** Reads a body until it ends or fails. */
async function drain(response: Response): Promise<{ text: string; failed: boolean }> {
  const decoder = new TextDecoder();
  const result = { text: "", failed: false };
  try {
    for await (const piece of response.body ?? []) {
      result.text += decoder.decode(piece, { stream: true });
    }
  } catch {
    result.failed = true;
  }
  return result;
}

beforeEach(async () => {
  await send("DELETE", "/__stats");
});

describe("every route", () => {
  it("accepts any key but the wrong one", async () => {
    for (const authorization of ["Bearer abcdef", "", "Bearer ", "Bearer wrong-key", "Basic emulated-key"]) {
      const response = await send("GET", "/v1/models", undefined, { headers: { authorization } });
      expect(response.status).toBe(authorization === "Bearer abcdef" ? 200 : 401);
    }
    for (const [key, status] of [
      ["abcdef", 200],
      ["wrong-key", 401],
      ["", 401],
    ] as const) {
      const headers = { authorization: "", "api-key": key };
      expect((await send("GET", "/v1/models", undefined, { headers })).status).toBe(status);
    }
  });

  it("has OpenAI's headers, also for an unknown path", async () => {
    const response = await send("POST", "/v1/xyz", {});
    expect(response.headers.get("x-request-id")).toMatch(/^req_[0-9a-f]{32}$/);
    expect(response.headers.get("openai-version")).toBe("2020-10-01");
    expect(await readError(response)).toMatchObject({ status: 404, message: "Invalid URL (POST /v1/xyz)", code: null });
  });
});

describe("models", () => {
  it("are those of the catalog that are not shut down", async () => {
    const { data } = await readJson<{ data: { id: string }[] }>(await send("GET", "/v1/models"));
    const names = data.map((model) => model.id);
    expect(names).toEqual(expect.arrayContaining(["o4-mini", "o4-mini-2025-04-16", "gpt-6.1-terra"]));
    expect(names).not.toContain("default");
    expect(names).not.toContain("sora-2");
    expect(new Set(names).size).toBe(names.length);
  });

  it("are unknown from their shutdown date on", async () => {
    expect(await readJson(await readModelAt("2026-10-22T23:59:59Z"))).toMatchObject({
      id: "o4-mini",
      created: Date.UTC(2025, 3, 16) / 1000,
      shutdown_date: "2026-10-23",
    });
    expect(await readError(await readModelAt("2026-10-23"))).toMatchObject({ status: 404, code: "model_not_found" });
  });
});

describe("a script", () => {
  it("sets the tokens or the text of the answer", async () => {
    const filler = await complete({ messages: scripted({ tokens: 500, reasoning: 0 }) });
    expect(filler.usage?.completion_tokens).toBe(500);
    expect(tokenize(filler.choices[0]?.message.content ?? "")).toEqual(fillerTokens(500));
    const text = 'Say "grüße" — 🎉\n';
    expect((await complete({ messages: scripted({ text }) })).choices[0]?.message.content).toBe(text);
  });

  it("limits the output like a limit of the request", async () => {
    const { choices, usage } = await complete({ messages: scripted({ tokens: 10, length_after: 3, reasoning: 5 }) });
    expect(choices[0]).toMatchObject({ finish_reason: "length", message: { content: "water runs over" } });
    expect(usage?.completion_tokens).toBe(8);
  });

  it.each([
    ["emulate {", "not a JSON object"],
    ['emulate {"token":1}', "'token' is unknown"],
    ['emulate {"tokens":-1}', "'tokens' must be an integer from 0 to 200000"],
    ['emulate {"no_usage":1}', "'no_usage' must be a boolean"],
    ['emulate {"tokens":1,"text":"x"}', "exclude each other"],
  ])("is refused with its fault: %s", async (text, fault) => {
    const error = await readError(await sendChat({ messages: [user(text)] }));
    expect(error).toMatchObject({ status: 400, param: "messages", message: expect.stringContaining(fault) });
  });
});

describe("a scripted fault", () => {
  it.each([
    [401, "invalid_api_key"],
    [429, "rate_limit_exceeded"],
    [500, null],
    [503, "server_is_overloaded"],
  ])("is the status %i", async (status, code) => {
    const response = await sendChat({ stream: true, messages: scripted({ status, retry_after: 90 }) });
    expect(response.headers.get("retry-after")).toBe("90");
    if (status === 429) expect(response.headers.get("x-ratelimit-reset-requests")).toBe("1m30s");
    expect(await readError(response)).toMatchObject({ status, code });
  });

  it.each([413, 502])("is an HTML page with the status %i", async (status) => {
    const response = await sendChat({ messages: scripted({ status }) });
    expect([response.status, response.headers.get("content-type")]).toEqual([status, "text/html"]);
    expect(await response.text()).toMatch(/^<html>.*<\/html>\r\n$/s);
  });

  it("cuts the connection after exactly that many tokens", async () => {
    const messages = scripted({ tokens: 9, cut_after: 2 });
    const streamed = await drain(await sendChat({ stream: true, messages }));
    expect(streamed.failed).toBe(true);
    expect(toFrames(streamed.text)).toHaveLength(3);
    expect(await drain(await sendChat({ messages }))).toMatchObject({ text: "", failed: true });
    expect(await readStats()).toMatchObject({ requests: 2, failed: 2, active: 0 });
  });

  it.each([
    [0, 1],
    [2, 4],
  ])("sends an error frame after %i tokens", async (after, count) => {
    const messages = scripted({ tokens: 9, error_after: after, delay_ms: 1 });
    const { text, failed } = await drain(await sendChat({ stream: true, messages }));
    const frames = toFrames(text);
    expect([failed, frames.length]).toEqual([false, count]);
    expect(JSON.parse(frames.at(-1) ?? "")).toMatchObject({ error: { type: "server_error", param: null, code: null } });
    expect((await sendChat({ messages })).status).toBe(500);
  });
});

describe("the totals", () => {
  it("count requests, bytes and tokens, and have the last request", async () => {
    const body = { model: "gpt-5-mini", messages: scripted({ tokens: 5 }), stream: true };
    const streamed = await (await send("POST", "/v1/chat/completions", body)).text();
    const listed = await (await send("GET", "/v1/models")).text();
    const failed = await (await send("POST", "/v1/chat/completions", { model: "none" })).text();
    expect(await readStats()).toEqual({
      requests: 3,
      streams: 1,
      completed: 2,
      cancelled: 0,
      failed: 1,
      bytes_in: JSON.stringify(body).length + '{"model":"none"}'.length,
      bytes_out: streamed.length + listed.length + failed.length,
      tokens_out: 5,
      active: 0,
      by_path: { "/v1/chat/completions": 2, "/v1/models": 1 },
      billed: { requests: 3, input: expect.any(Number), output: 69, by_name: {} },
      last: {
        method: "POST",
        path: "/v1/chat/completions",
        headers: { authorization: "(left out)", "content-type": "application/json" },
        body: { model: "none" },
      },
    });
  });

  it.each([{ tokens: 9000, delay_ms: 5 }, { tokens: 9000 }, { tokens: 9, stall_after: 1 }])(
    "count a caller who leaves a stream of %j",
    async (script) => {
      const response = await sendChat({ stream: true, messages: scripted(script) });
      const reader = response.body?.getReader();
      await reader?.read();
      expect(await readStats()).toMatchObject({ active: 1 });
      const pending = reader?.read();
      await reader?.cancel();
      await pending;
      expect(await readStats()).toMatchObject({ requests: 1, streams: 1, cancelled: 1, active: 0 });
    },
  );

  it.each([{ first_ms: 60_000 }, { tokens: 9, stall_after: 0 }, { tokens: 9, delay_ms: 60_000 }])(
    "count a caller who leaves while %j waits",
    async (script) => {
      const caller = new AbortController();
      const answer = sendChat({ messages: scripted(script) }, { signal: caller.signal });
      await repeatUntil(readStats, ({ active }) => active === 1);
      caller.abort();
      expect((await answer).status).toBe(499);
      expect(await readStats()).toMatchObject({ requests: 1, cancelled: 1, active: 0 });
    },
  );
});

describe("tokens", () => {
  it("join to the text, and are never more than its bytes", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: "binary" }), fc.lorem({ mode: "sentences" })), (text) => {
        const tokens = tokenize(text);
        expect(tokens.join("")).toBe(text);
        expect(tokens.length).toBeLessThanOrEqual(new TextEncoder().encode(text).byteLength);
      }),
    );
  });
});
