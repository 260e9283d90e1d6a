// uses: chat-completions, responses
// The openai package with moderated chats.

import { BadRequestError } from "openai";
import { afterAll, afterEach, expect, it } from "vitest";
import { toAlias } from "../../../support/catalog.ts";
import { createClient, rejection } from "../../../support/openai-client.ts";
import { startWeir } from "../../../support/weir.ts";
import { message, moderatedCatalog, windowsOf } from "../support/moderated.ts";

const FIFTY = "The river is so calm and the level is low as it is";
const BAD = " emulate-violence and all that there is to that word";
const CONTENT = message({ text: FIFTY + BAD + " and on".repeat(500), delay_ms: 5 });

const catalog = moderatedCatalog({ alias: { output: "window" }, policy: { window: windowsOf(50) } });
const strict = Object.assign(toAlias("o4-mini"), { moderation: { input: "parallel" } });
const weir = await startWeir({ ...catalog, aliases: { ...catalog.aliases, strict } });
afterAll(weir.close);
afterEach(weir.report);

const model = "o4-mini";
const messagesOf = (content: string) => [{ role: "user", content } as const];

it("a blocked input throws BadRequestError", async () => {
  const { client } = await createClient(weir);
  const messages = messagesOf(message({ tokens: 1000, delay_ms: 20 }, BAD));
  const error = await rejection(client.chat.completions.create({ model: "strict", messages, stream: true }));
  expect(error).toBeInstanceOf(BadRequestError);
  expect(error).toMatchObject({ status: 400, code: "content_policy_violation", param: "messages" });
});

it("a blocked chat completion has the finish reason content_filter, and its charge", async () => {
  const { client, user } = await createClient(weir);
  const options = { stream_options: { include_usage: true } };
  const stream = client.chat.completions.stream({ model, messages: messagesOf(CONTENT), ...options });
  const { choices, usage } = await stream.finalChatCompletion();
  expect([choices[0]?.message.content, choices[0]?.finish_reason]).toEqual([FIFTY, "content_filter"]);
  expect(await user.settled()).toMatchObject({ tokens: usage?.total_tokens });
});

it("a blocked response is incomplete, with the text before the block, and its charge", async () => {
  const { client, user } = await createClient(weir);
  const response = await client.responses.stream({ model, input: CONTENT }).finalResponse();
  expect(await user.settled()).toMatchObject({ tokens: response.usage?.total_tokens });
  expect(response).toMatchObject({ status: "incomplete", incomplete_details: { reason: "content_filter" } });
  expect(response.output_text).toBe(FIFTY);
  expect(response.output.at(-1)).toMatchObject({ type: "message", status: "incomplete" });
});

it("moderations are classified", async () => {
  const { client } = await createClient(weir);
  const { results } = await client.moderations.create({ input: ["emulate-hate", "Low."] });
  expect(results.map(({ flagged }) => flagged)).toEqual([true, false]);
});
