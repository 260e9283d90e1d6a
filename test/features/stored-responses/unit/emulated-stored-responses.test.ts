// The emulated provider's stored and background responses, and its hosted tools.
import type { Response as ModelResponse } from "openai/resources/responses/responses";
import { describe, expect, it } from "vitest";
import type { Stats } from "../../../../dev/provider/kernel/exchange.ts";
import { countTokens } from "../../../../dev/provider/kernel/generation/tokens.ts";
import type { Script } from "../../../../dev/provider/kernel/script.ts";
import { runInBackground } from "../../../../dev/provider/stored-responses/background.ts";
import { readError, readFirst, readJson, scriptedText, send } from "../../../provider/support/client.ts";
import { respond, sendResponse, streamResponse, typesOf } from "../../../provider/support/responses.ts";

const read = (id: string) => send("GET", `/v1/responses/${id}`);
const cancel = (id: string) => send("POST", `/v1/responses/${id}/cancel`);

describe("a stored response", () => {
  it("is read until it is deleted", async () => {
    const answer = await respond({});
    expect(await readJson(await read(answer.id))).toEqual(answer);
    expect((await send("GET", `/v1/responses/${answer.id}?stream=true`)).status).toBe(400);
    const deleted = await readJson(await send("DELETE", `/v1/responses/${answer.id}`));
    expect(deleted).toEqual({ id: answer.id, object: "response", deleted: true });
    const message = `Response with id '${answer.id}' not found.`;
    expect(await readError(await read(answer.id))).toMatchObject({ status: 404, message });
  });

  it("is one of the newest 200, and not one with `store: false`", async () => {
    expect((await read((await respond({ store: false })).id)).status).toBe(404);
    const oldest = await respond({});
    for (let count = 0; count < 199; count++) await respond({ input: scriptedText({ tokens: 1 }) });
    expect((await read(oldest.id)).status).toBe(200);
    await respond({});
    expect((await read(oldest.id)).status).toBe(404);
  });

  it("is stored with the last event of a stream", async () => {
    const response = await sendResponse({ stream: true });
    const decoder = new TextDecoder();
    let text = "";
    for await (const bytes of response.body ?? []) {
      text += decoder.decode(bytes, { stream: true });
      const [id = ""] = /resp_\w+/.exec(text) ?? [];
      expect((await read(id)).status).toBe(text.includes("response.completed") ? 200 : 404);
    }
  });

  it("is not stored when its reader leaves or it fails", async () => {
    const left = await readFirst(await sendResponse({ stream: true, input: scriptedText({ tokens: 9 }) }));
    const failed = await streamResponse({ input: scriptedText({ tokens: 9, error_after: 1 }) });
    for (const id of [/resp_\w+/.exec(left)?.[0], failed.at(-1)?.response?.id]) {
      expect(id).toMatch(/^resp_/);
      expect((await read(String(id))).status).toBe(404);
    }
  });

  it("is continued with all its items", async () => {
    const question = "How deep is Lake Baikal?";
    const first = await respond({ input: question, instructions: "Be brief." });
    const second = await respond({ input: "And how wide?", previous_response_id: first.id });
    expect(second.previous_response_id).toBe(first.id);
    const alone = await respond({ input: "And how wide?" });
    const grown = (second.usage?.input_tokens ?? 0) - (alone.usage?.input_tokens ?? 0);
    const visible = (first.usage?.output_tokens ?? 0) - (first.usage?.output_tokens_details.reasoning_tokens ?? 0);
    // Each message costs 4 tokens more than its text. The instructions are not continued.
    expect(grown).toBe(countTokens(question) + 4 + visible + 4);
    const body = { model: "gpt-5-mini", input: "And how wide?", previous_response_id: first.id };
    const counted = await readJson(await send("POST", "/v1/responses/input_tokens", body));
    expect(counted).toMatchObject({ input_tokens: second.usage?.input_tokens });
    const unknown = await readError(await sendResponse({ previous_response_id: "resp_none" }));
    expect(unknown).toMatchObject({ code: "previous_response_not_found", param: "previous_response_id" });
  });

  it("is continued with a tool result, or by item references", async () => {
    const tools = [{ type: "function", name: "get_weather", parameters: { type: "object", properties: {} } }];
    const first = await respond({ input: "What is the weather?", tools });
    const call = first.output.at(-1);
    const callId = call?.type === "function_call" ? call.call_id : "";
    const result = { type: "function_call_output", call_id: callId, output: "31 degrees" };
    const second = await respond({ input: [result], previous_response_id: first.id, tools });
    expect(JSON.stringify(second.output)).toContain("31 degrees");
    const references = first.output.map((item) => ({ type: "item_reference", id: item.id }));
    const third = await respond({ input: [{ role: "user", content: "What is the weather?" }, ...references, result] });
    expect(JSON.stringify(third.output)).toContain("31 degrees");
  });
});

/** A background response with a name in the book. */
const beginNamed = (script: Script, name: string) =>
  respond({
    background: true,
    input: scriptedText({ tokens: 9, reasoning: 0, ...script }, `emulate-bill-${name}`),
  });

const stopWork = () => undefined;

describe("a background response", () => {
  it("is queued, then has its result", async () => {
    const queued = await respond({ background: true, input: scriptedText({ tokens: 3 }) });
    expect(queued).toMatchObject({ status: "queued", background: true, output: [], usage: null });
    const done = await readJson<ModelResponse>(await read(queued.id));
    expect(done).toMatchObject({ id: queued.id, status: "completed", usage: { output_tokens: 67 } });
    const failing = await respond({ background: true, input: scriptedText({ error_after: 0 }) });
    expect(await readJson(await read(failing.id))).toMatchObject({ status: "failed", error: { code: "server_error" } });
  });

  it("runs as long as its script says", () => {
    const ended = { status: "completed" };
    const show = (script: object, atMs: number) => {
      const answer = { input: [], items: [], output: [], running: {}, ended, tokens: 10, script, stopWork };
      return runInBackground(answer, 1000).show(atMs)["status"];
    };
    const script = { first_ms: 50, delay_ms: 20 };
    const states = [1049, 1050, 1249, 1250].map((atMs) => show(script, atMs));
    expect(states).toEqual(["queued", "in_progress", "in_progress", "completed"]);
    expect(show({ stall_after: 10 }, 1e12)).toBe("in_progress");
    expect(show({ stall_after: 11 }, 1000)).toBe("completed");
  });

  it("is cancelled while it runs", async () => {
    const running = await respond({ background: true, input: scriptedText({ tokens: 9, delay_ms: 60_000 }) });
    expect(await readJson(await read(running.id))).toMatchObject({ status: "in_progress" });
    for (const response of [await cancel(running.id), await cancel(running.id), await read(running.id)]) {
      expect(await readJson(response)).toMatchObject({ id: running.id, status: "cancelled", output: [] });
    }
    const finished = await respond({ background: true });
    expect(await readJson(await cancel(finished.id))).toMatchObject({ status: "completed" });
    expect((await cancel((await respond({})).id)).status).toBe(400);
    expect((await cancel("resp_none")).status).toBe(404);
  });

  it("is billed for what it generated until it was cancelled", async () => {
    await cancel((await beginNamed({ delay_ms: 60_000 }, "cancelled")).id);
    await beginNamed({}, "finished");
    const { billed } = await readJson<Stats>(await send("GET", "/__stats"));
    expect(billed.by_name).toMatchObject({ cancelled: [{ output: 1 }], finished: [{ output: 9 }] });
  });
});

describe("a web search", () => {
  const tools = [{ type: "web_search" }, { type: "mcp", server_label: "m", server_url: "https://example.com" }];

  it.each([
    ["once", { reasoning: 0 }, {}, "web_search_call,message"],
    ["as often as the script says", { tool_calls: 2 }, {}, "reasoning,web_search_call,web_search_call,message"],
    ["within max_tool_calls", { tool_calls: 3 }, { max_tool_calls: 1 }, "reasoning,web_search_call,message"],
    ["not with `tool_choice: none`", {}, { tool_choice: "none" }, "reasoning,message"],
  ])("runs %s", async (_name, script, fields, types) => {
    const { output } = await respond({ input: scriptedText(script, "Paris?"), tools, ...fields });
    expect(output.map((item) => item.type).join()).toBe(types);
  });

  it("is streamed before the reply", async () => {
    const events = await streamResponse({ input: scriptedText({ reasoning: 0 }), tools });
    expect(typesOf(events).slice(2, 7)).toEqual([
      "response.output_item.added",
      "response.web_search_call.in_progress",
      "response.web_search_call.searching",
      "response.web_search_call.completed",
      "response.output_item.done",
    ]);
    expect(events.at(-1)?.response?.output[0]).toMatchObject({ type: "web_search_call", status: "completed" });
  });
});
