// The openai package as it is, with conversations.

import { BadRequestError, NotFoundError } from "openai";
import type { ResponseCreateParamsNonStreaming } from "openai/resources/responses/responses";
import { afterAll, afterEach, beforeEach, expect, it } from "vitest";
import { createCatalog } from "../../../support/catalog.ts";
import { createClient, rejection } from "../../../support/openai-client.ts";
import { startWeir } from "../../../support/weir.ts";
import { withSwitches } from "../support/switched-catalog.ts";

const weir = await startWeir(withSwitches(createCatalog(), { conversations: true }));
afterAll(weir.close);
afterEach(weir.report);
beforeEach(weir.emulation.zero);

const model = "o4-mini";

it("the client uses a conversation, reads it page by page, and deletes it", async () => {
  const { client, user } = await createClient(weir);
  const { id } = await client.conversations.create({ items: [], metadata: { topic: "lakes" } });
  await client.conversations.update(id, { metadata: { topic: "rivers" } });
  expect(await client.conversations.retrieve(id)).toMatchObject({ id, metadata: { topic: "rivers" } });
  const first = await client.responses.create({ model, input: "What is a weir?", conversation: id });
  expect(first.conversation).toEqual({ id });
  const second = await client.responses.stream({ model, input: "Who builds one?", conversation: id }).finalResponse();
  const read = first.usage?.total_tokens ?? NaN;
  expect(second.usage?.input_tokens).toBeGreaterThan(first.usage?.input_tokens ?? NaN);
  const items = await Array.fromAsync(client.conversations.items.list(id, { limit: 1, order: "asc" }));
  const said = items.flatMap((item) => (item.type === "message" ? [item.role] : []));
  expect(said).toEqual(["user", "assistant", "user", "assistant"]);
  const { tokens, reserved } = await user.settled();
  expect([tokens, reserved]).toEqual([read + (second.usage?.total_tokens ?? NaN), 0]);
  expect(await client.conversations.delete(id)).toMatchObject({ deleted: true });
  expect(await rejection(client.conversations.retrieve(id))).toBeInstanceOf(NotFoundError);
});

it("the client of another user gets NotFoundError for every use of a conversation", async () => {
  const { id } = await (await createClient(weir)).client.conversations.create();
  const { client, user } = await createClient(weir);
  const asked = [
    client.conversations.retrieve(id),
    client.conversations.delete(id),
    client.conversations.items.list(id),
    client.responses.create({ model, input: "Go on.", conversation: id }),
  ];
  for (const error of await Promise.all(asked.map(rejection))) expect(error).toBeInstanceOf(NotFoundError);
  // Each use looks up the owner at the provider.
  expect(await user.settled()).toEqual({ tokens: 0, requests: asked.length, reserved: 0 });
});

it.each<[string, Partial<ResponseCreateParamsNonStreaming>]>([
  ["store", { store: true }],
  ["previous_response_id", { previous_response_id: "resp_1" }],
  ["tools.0.type", { tools: [{ type: "web_search" }] }],
])("the client throws BadRequestError for %s without its switch", async (param, fields) => {
  const { client, user } = await createClient(weir);
  const error = await rejection(client.responses.create({ model, input: "Hi", ...fields }));
  expect(error).toBeInstanceOf(BadRequestError);
  expect(error).toMatchObject({ status: 400, type: "invalid_request_error", code: "unsupported_parameter", param });
  expect(await user.settled()).toEqual({ tokens: 0, requests: 0, reserved: 0 });
  expect(await weir.emulation.stats()).toMatchObject({ requests: 0 });
});
