// The emulated provider without features, and the hooks that a feature fills.
import { describe, expect, it } from "vitest";
import { createChatCompletions } from "../../../dev/provider/dialects/chat-completions/route.ts";
import { createResponses } from "../../../dev/provider/dialects/responses/route.ts";
import { toErrorResponse } from "../../../dev/provider/kernel/errors.ts";
import { collectHooks, type ProviderFeature } from "../../../dev/provider/kernel/feature.ts";
import { countExchange } from "../../../dev/provider/kernel/middleware.ts";
import { Hono } from "hono";
import { emulatedEnv, readError, readJson, scripted, scriptedText, user } from "../support/client.ts";
import { readEvents } from "../../support/events.ts";

/** Sends a request to both dialects with these features. */
function createSender(features: ProviderFeature[]) {
  const hooks = collectHooks(features);
  const app = new Hono()
    .use(countExchange())
    .route("/v1/chat/completions", createChatCompletions(hooks))
    .route("/v1/responses", createResponses(hooks));
  app.onError((error) => toErrorResponse(error));
  return (path: string, fields: object) =>
    app.request(path, { method: "POST", body: JSON.stringify({ model: "gpt-5-mini", ...fields }) }, emulatedEnv);
}

describe("a provider without features", () => {
  const send = createSender([]);

  it("accepts `store`, and answers on both routes", async () => {
    const response = await send("/v1/responses", { input: "Hi", store: true });
    expect(await readJson(response)).toMatchObject({ status: "completed", store: true });
    expect((await send("/v1/chat/completions", { messages: [user("Hi")] })).status).toBe(200);
  });

  it.each<[string, object, object]>([
    ["a previous response", { previous_response_id: "resp_1" }, { code: "previous_response_not_found" }],
    ["a conversation", { conversation: { id: "conv_1" } }, { status: 404, param: "conversation" }],
    ["a stored prompt", { prompt: { id: "pmpt_1" } }, { status: 404, param: "prompt" }],
    ["the background", { background: true }, { param: "background" }],
    ["a hosted tool", { tools: [{ type: "web_search" }] }, { param: "tools[0].type" }],
    ["the script key of a feature", { input: 'emulate {"moderation_ms":1}' }, { param: "input" }],
  ])("refuses %s", async (_name, fields, expected) => {
    const error = await readError(await send("/v1/responses", { input: "Hi", ...fields }));
    expect(error).toMatchObject({ status: 400, ...expected });
  });
});

describe("a feature", () => {
  it("replaces the script of a request, in both dialects", async () => {
    const send = createSender([
      {
        name: "judge",
        readScript: (text) => (text.includes("judge") ? { script: { text: "Judged." }, question: text } : undefined),
      },
    ]);
    const fields = { messages: scripted({ text: "judge" }), input: scriptedText({ text: "judge" }) };
    for (const [path, field] of [
      ["/v1/chat/completions", "messages"],
      ["/v1/responses", "input"],
    ] as const) {
      expect(await (await send(path, { [field]: fields[field] })).text()).toContain("Judged.");
    }
    expect(await (await send("/v1/responses", { input: "Hi" })).text()).not.toContain("Judged.");
  });

  it("runs hosted tools before the reply", async () => {
    const item = { id: "ws_1", type: "web_search_call" };
    const run = () => [
      { id: item.id, opened: item, closed: { ...item, status: "completed" }, progress: ["searching"] },
    ];
    const send = createSender([{ name: "search", hostedTools: { types: ["web_search"], run } }]);
    const body = { input: scriptedText({ tokens: 1, reasoning: 0 }), tools: [{ type: "web_search" }], stream: true };
    const names = readEvents(await (await send("/v1/responses", body)).text()).map((event) => event.name);
    expect(names.slice(2, 6)).toEqual([
      "response.output_item.added",
      "searching",
      "response.output_item.done",
      "response.output_item.added",
    ]);
  });
});
