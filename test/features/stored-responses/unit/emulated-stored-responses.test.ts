// The emulated provider's stored responses: reading, continuing, deleting, and those in the background.
import type { Response as ModelResponse } from "openai/resources/responses/responses";
import { describe, expect, it } from "vitest";
import { showInBackground } from "../../../../dev/provider/stored-responses/background.ts";
import { countTokens } from "../../../../dev/provider/kernel/generation/tokens.ts";
import { readError, readJson, send } from "../../../provider/support/client.ts";
import { respond, scriptedInput, sendResponse, streamResponse, typesOf } from "../../../provider/support/responses.ts";

const read = (id: string) => send("GET", `/v1/responses/${id}`);
const cancel = (id: string) => send("POST", `/v1/responses/${id}/cancel`);

describe("a stored response", () => {
  it("is read until it is deleted", async () => {
    const answer = await respond({});
    expect(await readJson(await read(answer.id))).toEqual(answer);
    expect(await readError(await send("GET", `/v1/responses/${answer.id}?stream=true`))).toMatchObject({ status: 400 });
    const deleted = await readJson(await send("DELETE", `/v1/responses/${answer.id}`));
    expect(deleted).toEqual({ id: answer.id, object: "response", deleted: true });
    const message = `Response with id '${answer.id}' not found.`;
    for (const response of [await read(answer.id), await send("DELETE", `/v1/responses/${answer.id}`)]) {
      expect(await readError(response)).toMatchObject({ status: 404, type: "invalid_request_error", message });
    }
  });

  it("is kept only when asked, and the newest 200 at most", async () => {
    expect((await read((await respond({ store: false })).id)).status).toBe(404);
    const oldest = await respond({});
    for (let count = 0; count < 199; count++) await respond({ input: scriptedInput({ tokens: 1 }) });
    expect((await read(oldest.id)).status).toBe(200);
    await respond({});
    expect((await read(oldest.id)).status).toBe(404);
  });

  it("is kept once all of it was said", async () => {
    const response = await sendResponse({ stream: true });
    const decoder = new TextDecoder();
    let text = "";
    for await (const bytes of response.body ?? []) {
      text += decoder.decode(bytes, { stream: true });
      const [id = ""] = /resp_\w+/.exec(text) ?? [];
      expect((await read(id)).status).toBe(text.includes("response.completed") ? 200 : 404);
    }
    expect(text).toContain("response.completed");
  });

  it("is lost when its reader leaves, and when it breaks", async () => {
    const left = (await sendResponse({ stream: true, input: scriptedInput({ tokens: 9 }) })).body?.getReader();
    const first = new TextDecoder().decode((await left?.read())?.value);
    await left?.cancel();
    const broken = await streamResponse({ input: scriptedInput({ tokens: 9, error_after: 1 }) });
    for (const id of [/resp_\w+/.exec(first)?.[0], broken.at(-1)?.response?.id]) {
      expect(id).toMatch(/^resp_/);
      expect((await read(String(id))).status).toBe(404);
    }
  });

  it("is continued with all that was said", async () => {
    const question = "How deep is Lake Baikal?";
    const first = await respond({ input: question, instructions: "Be brief." });
    const second = await respond({ input: "And how wide?", previous_response_id: first.id });
    expect(second.previous_response_id).toBe(first.id);
    const alone = await respond({ input: "And how wide?" });
    expect(second.output.at(-1)).toMatchObject({ content: [{ type: "output_text" }] });
    const grown = (second.usage?.input_tokens ?? 0) - (alone.usage?.input_tokens ?? 0);
    const said = (first.usage?.output_tokens ?? 0) - (first.usage?.output_tokens_details.reasoning_tokens ?? 0);
    // The question with the 4 tokens around it, the answer with its 4, and nothing for the instructions.
    expect(grown).toBe(countTokens(question) + 4 + said + 4);
    const body = { model: "gpt-5-mini", input: "And how wide?", previous_response_id: first.id };
    const counted = await readJson(await send("POST", "/v1/responses/input_tokens", body));
    expect(counted).toMatchObject({ input_tokens: second.usage?.input_tokens });
  });

  it("takes a tool's result, and items by reference", async () => {
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
    const unanswered = await readError(await sendResponse({ input: "Hello?", previous_response_id: first.id }));
    expect(unanswered).toMatchObject({ status: 400, param: "input" });
  });

  it("lists its input in pages", async () => {
    const input = ["a", "b", "c"].map((content, index) => ({ id: `msg_${index}`, role: "user", content }));
    const { id } = await respond({ input });
    const list = async (query: string) => send("GET", `/v1/responses/${id}/input_items${query}`);
    expect(await readJson(await list("?limit=2"))).toMatchObject({
      object: "list",
      data: [{ id: "msg_2", content: [{ type: "input_text", text: "c" }] }, { id: "msg_1" }],
      first_id: "msg_2",
      last_id: "msg_1",
      has_more: true,
    });
    expect(await readJson(await list("?order=asc&after=msg_1"))).toMatchObject({ first_id: "msg_2", has_more: false });
    for (const query of ["?limit=0", "?limit=x", "?order=up", "?after=msg_9"]) {
      expect(await readError(await list(query))).toMatchObject({ status: 400 });
    }
  });
});

describe("a response in the background", () => {
  it("is queued, and then what it was going to be", async () => {
    const queued = await respond({ background: true, input: scriptedInput({ tokens: 3 }) });
    expect(queued).toMatchObject({ status: "queued", background: true, output: [], usage: null });
    const done = await readJson<ModelResponse>(await read(queued.id));
    expect(done).toMatchObject({ id: queued.id, status: "completed", usage: { output_tokens: 67 } });
    const failing = await respond({ background: true, input: scriptedInput({ error_after: 0 }) });
    expect(await readJson(await read(failing.id))).toMatchObject({ status: "failed", error: { code: "server_error" } });
  });

  it("waits and runs as long as its script says", () => {
    const opened = { id: "resp_1", createdAt: 0, fields: {}, serviceTier: "default" };
    const show = (script: object, atMs: number) =>
      showInBackground(opened, script, 10, { status: "completed" }, 1000).show(atMs)["status"];
    const script = { first_ms: 50, delay_ms: 20 };
    expect(show(script, 1049)).toBe("queued");
    expect(show(script, 1050)).toBe("in_progress");
    expect(show(script, 1249)).toBe("in_progress");
    expect(show(script, 1250)).toBe("completed");
    expect(show({ stall_after: 10 }, 1e12)).toBe("in_progress");
    expect(show({ stall_after: 11 }, 1000)).toBe("completed");
  });

  it("is cancelled while it runs, and only there", async () => {
    const running = await respond({ background: true, input: scriptedInput({ tokens: 9, delay_ms: 60_000 }) });
    expect(await readJson(await read(running.id))).toMatchObject({ status: "in_progress" });
    for (const response of [await cancel(running.id), await cancel(running.id), await read(running.id)]) {
      expect(await readJson(response)).toMatchObject({ id: running.id, status: "cancelled", output: [] });
    }
    const finished = await respond({ background: true });
    expect(await readJson(await cancel(finished.id))).toMatchObject({ status: "completed" });
    const plain = await readError(await cancel((await respond({})).id));
    expect(plain).toMatchObject({ status: 400, message: "Cannot cancel a synchronous response." });
    expect((await cancel("resp_none")).status).toBe(404);
  });

  it("may be streamed", async () => {
    const events = await streamResponse({ background: true });
    expect(typesOf(events).slice(0, 3)).toEqual(["response.created", "response.queued", "response.in_progress"]);
    expect(events.at(-1)?.response).toMatchObject({ status: "completed", background: true });
  });
});
