// The emulated provider apart from chat: its door, its models, its scripted faults, its books, and the small endpoints.
import * as fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import type { Totals } from "../../../dev/provider/kernel/exchange.ts";
import provider from "../../../dev/provider/index.ts";
import { fillerTokens, tokenize } from "../../../dev/provider/kernel/generation/tokens.ts";
import {
  complete,
  emulatedEnv,
  readError,
  readJson,
  scripted,
  send,
  sendChat,
  toFrames,
  user,
} from "../support/client.ts";
import { repeatUntil } from "../../support/repeat.ts";

async function readStats() {
  return readJson<Totals & { last: { headers: Record<string, string>; body: unknown } }>(await send("GET", "/__stats"));
}

async function readModelAt(moment: string): Promise<Response> {
  const headers = { authorization: "Bearer emulated-key" };
  const request = new Request("http://provider.test/v1/models/o4-mini", { headers });
  return provider.fetch(request, { ...emulatedEnv, NOW: moment });
}

function withoutId(text: string): string {
  return text.replaceAll(/chatcmpl-\w+/g, "id");
}

/** Reads a body until it ends or breaks. */
async function drain(response: Response): Promise<{ text: string; lengths: number[]; broken: boolean }> {
  const decoder = new TextDecoder();
  const result = { text: "", lengths: [] as number[], broken: false };
  try {
    for await (const piece of response.body ?? []) {
      result.text += decoder.decode(piece, { stream: true });
      result.lengths.push(piece.byteLength);
    }
  } catch {
    result.broken = true;
  }
  return result;
}

beforeEach(async () => {
  await send("DELETE", "/__stats");
});

describe("the door", () => {
  it("refuses a missing key and the wrong one", async () => {
    for (const authorization of ["", "Bearer ", "Bearer wrong-key", "Basic emulated-key"]) {
      const response = await send("GET", "/v1/models", undefined, { headers: { authorization } });
      const expected = { status: 401, type: "invalid_request_error", param: null, code: "invalid_api_key" };
      expect(await readError(response)).toMatchObject(expected);
    }
  });

  it("takes any other key, whoever's it is", async () => {
    for (const key of ["emulated-key", "abcdef"]) {
      const headers = { authorization: `Bearer ${key}` };
      expect((await send("GET", "/v1/models", undefined, { headers })).status).toBe(200);
    }
  });

  it("answers an unknown route as OpenAI does, with its headers", async () => {
    const response = await send("POST", "/v1/xyz", {});
    expect(response.headers.get("x-request-id")).toMatch(/^req_[0-9a-f]{32}$/);
    expect(response.headers.get("openai-version")).toBe("2020-10-01");
    expect(response.headers.get("openai-processing-ms")).toMatch(/^\d+$/);
    expect(await readError(response)).toMatchObject({ status: 404, message: "Invalid URL (POST /v1/xyz)", code: null });
  });

  it("refuses what is no JSON object", async () => {
    for (const body of ["{", "[]", "null", undefined]) {
      expect(await readError(await send("POST", "/v1/chat/completions", body))).toMatchObject({ status: 400 });
    }
  });
});

describe("models", () => {
  it("lists what is alive under the names that the provider has", async () => {
    const { data } = await readJson<{ data: { id: string }[] }>(await send("GET", "/v1/models"));
    const names = data.map((model) => model.id);
    expect(names).toEqual(expect.arrayContaining(["o4-mini", "o4-mini-2025-04-16", "gpt-6.1-terra"]));
    expect(names).not.toContain("default");
    expect(names).not.toContain("sora-2");
    expect(new Set(names).size).toBe(names.length);
  });

  it("answers 404 from the shutdown date on", async () => {
    expect(await readJson(await readModelAt("2026-10-22T23:59:59Z"))).toEqual({
      id: "o4-mini",
      object: "model",
      created: Date.UTC(2025, 3, 16) / 1000,
      owned_by: "system",
      shutdown_date: "2026-10-23",
    });
    const message = "The model `o4-mini` does not exist or you do not have access to it.";
    expect(await readError(await readModelAt("2026-10-23"))).toMatchObject({
      status: 404,
      code: "model_not_found",
      message,
    });
  });
});

describe("the script", () => {
  it("gives exactly the tokens, or exactly the text", async () => {
    const filler = await complete({ messages: scripted({ tokens: 500, reasoning: 0 }) });
    expect(filler.usage?.completion_tokens).toBe(500);
    expect(tokenize(filler.choices[0]?.message.content ?? "")).toEqual(fillerTokens(500));
    const text = 'Say "grüße" — 🎉\n';
    expect((await complete({ messages: scripted({ text }) })).choices[0]?.message.content).toBe(text);
    const paced = await complete({ messages: scripted({ delay_ms: 1, first_ms: 2, tokens: 2 }) });
    expect(paced.choices[0]?.finish_reason).toBe("stop");
  });

  it("is told from the question below it", async () => {
    const script = await complete({ messages: scripted({ first_ms: 0 }, "Why is the sky blue?") });
    const plain = await complete({ messages: [user("Why is the sky blue?")] });
    expect(script.choices).toEqual(plain.choices);
  });

  it.each([
    ["emulate {", "JSON"],
    ['emulate {"token":1}', "there is no 'token'"],
    ['emulate {"tokens":-1}', "'tokens' must be an integer from 0 to 200000"],
    ['emulate {"delay_ms":60001}', "'delay_ms'"],
    ['emulate {"status":200}', "'status'"],
    ['emulate {"no_usage":1}', "'no_usage' must be a boolean"],
    ['emulate {"tokens":1,"text":"x"}', "exclude each other"],
  ])("names what is wrong in %s", async (text, fault) => {
    const error = await readError(await sendChat({ messages: [user(text)] }));
    expect(error).toMatchObject({ status: 400, message: expect.stringContaining(fault) });
  });

  it.each([
    [401, "invalid_api_key"],
    [403, "unsupported_country_region_territory"],
    [404, "model_not_found"],
    [429, "rate_limit_exceeded"],
    [500, null],
    [503, "server_is_overloaded"],
  ])("fails with %i", async (status, code) => {
    const response = await sendChat({ stream: true, messages: scripted({ status, retry_after: 90 }) });
    expect(response.headers.get("retry-after")).toBe("90");
    if (status === 429) expect(response.headers.get("x-ratelimit-reset-requests")).toBe("1m30s");
    expect(await readError(response)).toMatchObject({ status, code });
  });

  it.each([413, 502, 504])("fails with a page for %i", async (status) => {
    const response = await sendChat({ messages: scripted({ status }) });
    expect([response.status, response.headers.get("content-type")]).toEqual([status, "text/html"]);
    expect(await response.text()).toMatch(/^<html>.*<\/html>\r\n$/s);
  });

  it("cuts a stream after exactly the tokens it says", async () => {
    const { text, broken } = await drain(
      await sendChat({ stream: true, messages: scripted({ tokens: 9, cut_after: 2 }) }),
    );
    expect(broken).toBe(true);
    expect(toFrames(text)).toHaveLength(3);
    const whole = await drain(await sendChat({ messages: scripted({ tokens: 9, cut_after: 2 }) }));
    expect(whole).toMatchObject({ text: "", broken: true });
    expect(await readStats()).toMatchObject({ requests: 2, failed: 2, active: 0 });
  });

  it("breaks a stream off with an error frame, also as its first", async () => {
    for (const [after, count] of [
      [0, 1],
      [2, 4],
    ]) {
      const messages = scripted({ tokens: 9, error_after: after, delay_ms: 1 });
      const { text, broken } = await drain(await sendChat({ stream: true, messages }));
      const frames = toFrames(text);
      expect([broken, frames.length]).toEqual([false, count]);
      expect(JSON.parse(frames.at(-1) ?? "")).toMatchObject({
        error: { type: "server_error", param: null, code: null },
      });
    }
    expect(await readError(await sendChat({ messages: scripted({ error_after: 1 }) }))).toMatchObject({ status: 500 });
  });

  it("splits the same bytes into pieces of any size", async () => {
    const fields = { stream: true, stream_options: { include_obfuscation: false, include_usage: true } };
    const whole = await drain(await sendChat({ ...fields, messages: scripted({ text: "grüße 🎉", split: 1e6 }) }));
    expect(whole.lengths).toHaveLength(1);
    for (const split of [1, 3, 100, 1000]) {
      const pieces = await drain(await sendChat({ ...fields, messages: scripted({ text: "grüße 🎉", split }) }));
      expect(toFrames(withoutId(pieces.text)).length).toBe(toFrames(whole.text).length);
      expect(pieces.lengths.slice(0, -1).every((length) => length === split)).toBe(true);
    }
  });
});

describe("the books", () => {
  it("count what came, what went, and who asked last", async () => {
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
      last: {
        method: "POST",
        path: "/v1/chat/completions",
        headers: { authorization: "(left out)", "content-type": "application/json" },
        body: { model: "none" },
      },
    });
  });

  it("see a caller who leaves a stream, paced or stalled", async () => {
    for (const script of [{ tokens: 9000, delay_ms: 5 }, { tokens: 9000 }, { tokens: 9, stall_after: 1 }]) {
      const response = await sendChat({ stream: true, messages: scripted(script) });
      const reader = response.body?.getReader();
      await reader?.read();
      await reader?.read();
      expect(await readStats()).toMatchObject({ active: 1 });
      const pending = reader?.read();
      await reader?.cancel();
      await pending;
    }
    expect(await readStats()).toMatchObject({ requests: 3, streams: 3, cancelled: 3, active: 0, tokens_out: 4 });
  });

  it("see a caller who leaves while waiting", async () => {
    for (const script of [{ first_ms: 60_000 }, { tokens: 9, stall_after: 0 }, { tokens: 9, delay_ms: 60_000 }]) {
      const caller = new AbortController();
      const answer = sendChat({ messages: scripted(script) }, { signal: caller.signal });
      await repeatUntil(readStats, ({ active }) => active === 1);
      caller.abort();
      expect((await answer).status).toBe(499);
    }
    expect(await readStats()).toMatchObject({ requests: 3, cancelled: 3, active: 0 });
  });

  it("can be zeroed while a stream is open", async () => {
    const response = await sendChat({ stream: true });
    await send("DELETE", "/__stats");
    await response.text();
    expect(await readStats()).toMatchObject({ requests: 0, active: 0, completed: 0, last: null });
  });
});

describe("moderations", () => {
  interface Verdict {
    flagged: boolean;
    categories: Record<string, boolean>;
    category_scores: Record<string, number>;
    category_applied_input_types: Record<string, string[]>;
  }
  const moderate = async (input: unknown) => {
    const answer = await readJson<{ model: string; results: Verdict[] }>(
      await send("POST", "/v1/moderations", { input }),
    );
    expect(answer.model).toBe("omni-moderation-latest");
    return answer.results;
  };
  const flagged = ({ categories }: Verdict) => Object.keys(categories).filter((name) => categories[name]);

  it("flag what the text names, the narrow with the wide", async () => {
    const [harmless, graphic, intent, ...others] = await moderate([
      "Violence and hate",
      "x emulate-violence-graphic.",
      "Emulate-self-harm-intent",
      "emulate-hate emulate-illicit",
      "emulate-hateful",
    ]);
    expect(harmless && [harmless.flagged, Object.keys(harmless.categories).length]).toEqual([false, 13]);
    expect(graphic && flagged(graphic)).toEqual(["violence", "violence/graphic"]);
    expect(intent && flagged(intent)).toEqual(["self-harm/intent", "self-harm"]);
    expect(others.map(flagged)).toEqual([["hate", "illicit"], []]);
    expect(graphic?.category_scores["violence/graphic"]).toBeGreaterThan(0.9);
    expect(graphic?.category_scores["hate"]).toBeLessThan(0.01);
  });

  it("judge text and images together", async () => {
    const image = { type: "image_url", image_url: { url: "https://example.com/emulate-sexual.png" } };
    const [verdict, ...none] = await moderate([{ type: "text", text: "Hello" }, image]);
    expect(none).toEqual([]);
    expect(verdict && flagged(verdict)).toEqual(["sexual"]);
    expect(verdict?.category_applied_input_types).toMatchObject({ sexual: ["text", "image"], hate: ["text"] });
    expect(await readError(await send("POST", "/v1/moderations", {}))).toMatchObject({ status: 400, param: "input" });
  });
});

describe("input tokens", () => {
  it("are those of the same prompt in chat", async () => {
    const parameters = { type: "object", properties: { city: { type: "string" } } };
    const tool = { name: "get_weather", description: "Weather", parameters };
    const counted = await readJson(
      await send("POST", "/v1/responses/input_tokens", {
        model: "gpt-5-mini",
        instructions: "Be brief.",
        input: [
          {
            role: "user",
            content: [
              { type: "input_text", text: "Paris?" },
              { type: "input_image", image_url: "x" },
            ],
          },
          { type: "function_call", call_id: "call_1", name: "get_weather", arguments: "{}" },
          { type: "function_call_output", call_id: "call_1", output: "31 degrees" },
        ],
        tools: [{ type: "function", ...tool }],
      }),
    );
    const call = { id: "call_1", type: "function", function: { name: "get_weather", arguments: "{}" } };
    const { usage } = await complete({
      messages: [
        { role: "system", content: "Be brief." },
        user([
          { type: "text", text: "Paris?" },
          { type: "image_url", image_url: { url: "x" } },
        ]),
        { role: "assistant", content: null, tool_calls: [call] },
        { role: "tool", tool_call_id: "call_1", content: "31 degrees" },
      ],
      tools: [{ type: "function", function: tool }],
    });
    expect(counted).toEqual({ object: "response.input_tokens", input_tokens: usage?.prompt_tokens });
  });

  it("are never more than bytes, and join to the text", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: "binary" }), fc.lorem({ mode: "sentences" })), (text) => {
        const tokens = tokenize(text);
        expect(tokens.join("")).toBe(text);
        expect(tokens.length).toBeLessThanOrEqual(new TextEncoder().encode(text).byteLength);
      }),
    );
  });
});
