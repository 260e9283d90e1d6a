// The Chat Completions exchange passes answers through, streamed or not.

import { expect, it } from "vitest";
import { passChat } from "../../../../src/features/chat-completions/exchange.ts";
import { chatRequest } from "../../../dialects/support/chat-requests.ts";
import { fromUtf8, toUtf8, usageChunk } from "../../../support/chat-chunks.ts";
import { sentJson } from "../../../dialects/support/responses-requests.ts";
import { bundledCatalog, bundledModel } from "../../../support/catalog-documents.ts";

const MODEL = bundledModel("o4-mini");
const prepared = (changes: Record<string, unknown> = {}) =>
  passChat(chatRequest(changes)).prepare(MODEL, bundledCatalog());

it("a request is sent and counted as the snapshot's", () => {
  const { ask } = prepared();
  expect(ask.endpoint).toBe("chat_completions");
  expect(sentJson(ask)).toMatchObject({ model: MODEL.snapshot, max_completion_tokens: 500 });
  expect(JSON.parse(ask.count?.() ?? "null")).toMatchObject({ model: MODEL.snapshot });
});

it("a whole answer is passed through to the letter", () => {
  const { reply } = prepared();
  if (reply.kind !== "json") throw new Error(`the reply is ${reply.kind}`);
  const body = '{"choices":[{"message":{"content":"A weir."},"finish_reason":"stop"}]}  \n';
  expect(reply.read(body).conclude({ left: {}, usd: 0.5 })).toBe(body);
});

it.each([
  [{ include_usage: true }, usageChunk(1, 2)],
  [{ include_usage: false }, ""],
  [{}, ""],
  [null, ""],
])("a stream with the options %j is passed through with its usage only if requested", (stream_options, output) => {
  const { reply } = prepared({ stream: true, stream_options });
  if (reply.kind !== "stream") throw new Error(`the reply is ${reply.kind}`);
  const codec = reply.passThrough?.();
  codec?.push(toUtf8(usageChunk(1, 2)));
  expect(fromUtf8(codec?.take() ?? toUtf8("none"))).toBe(output);
});
