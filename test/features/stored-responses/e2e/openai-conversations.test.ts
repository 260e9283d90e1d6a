// uses: responses
// The openai package as it is, with conversations.

import { NotFoundError } from "openai";
import { afterAll, afterEach, beforeEach, expect, it } from "vitest";
import { createCatalog } from "../../../support/catalog.ts";
import { createClient, rejection } from "../../../support/openai-client.ts";
import { startWeir } from "../../../support/weir.ts";

const catalog = createCatalog();
const weir = await startWeir({ ...catalog, responses: { ...catalog.responses, conversations: true } });
afterAll(weir.close);
afterEach(weir.report);
beforeEach(weir.emulation.zero);

const model = "o4-mini";

it("the client talks in a conversation, reads it again page by page, and deletes it", async () => {
  const { client, user } = await createClient(weir);
  const { id } = await client.conversations.create({ metadata: { topic: "rivers" } });
  expect(await client.conversations.retrieve(id)).toMatchObject({ id, metadata: { topic: "rivers" } });
  const first = await client.responses.create({ model, input: "What is a weir?", conversation: id });
  expect(first.conversation).toEqual({ id });
  const second = await client.responses.stream({ model, input: "Who builds one?", conversation: id }).finalResponse();
  const read = first.usage?.total_tokens ?? NaN;
  expect(second.usage?.input_tokens).toBeGreaterThan(first.usage?.input_tokens ?? NaN);
  const items = await Array.fromAsync(client.conversations.items.list(id, { limit: 1, order: "asc" }));
  const said = items.flatMap((item) => (item.type === "message" ? [item.role] : []));
  expect(said).toEqual(["user", "assistant", "user", "assistant"]);
  expect(await user.settled()).toEqual({
    tokens: read + (second.usage?.total_tokens ?? NaN),
    requests: 2,
    reserved: 0,
  });
  expect(await client.conversations.delete(id)).toMatchObject({ deleted: true });
  expect(await rejection(client.conversations.retrieve(id))).toBeInstanceOf(NotFoundError);
});

it("the client of another user finds no such conversation, to read or to talk in", async () => {
  const { id } = await (await createClient(weir)).client.conversations.create();
  const { client, user } = await createClient(weir);
  const asked = [
    client.conversations.retrieve(id),
    client.conversations.delete(id),
    client.conversations.items.list(id),
    client.responses.create({ model, input: "Go on.", conversation: id }),
  ];
  for (const error of await Promise.all(asked.map(rejection))) expect(error).toBeInstanceOf(NotFoundError);
  expect(await user.settled()).toEqual({ tokens: 0, requests: 0, reserved: 0 });
});
