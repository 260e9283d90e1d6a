// The openai package as it is, with stored responses.

import { BadRequestError, NotFoundError } from "openai";
import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import { createCatalog } from "../../../support/catalog.ts";
import { createClient, rejection } from "../../../support/openai-client.ts";
import { startWeir } from "../../../support/weir.ts";
import { withSwitches } from "../support/switched-catalog.ts";

const weir = await startWeir(withSwitches(createCatalog(), { store: true }));
afterAll(weir.close);
afterEach(weir.report);
beforeEach(weir.emulation.zero);

const model = "o4-mini";
const INPUT = "Why does a weir make a river easier to measure?";
const NOT_THERE = { status: 404, code: "not_found", type: "invalid_request_error" };

/** A user's client, and a stored answer of that user. */
async function createStored() {
  const { client, user } = await createClient(weir);
  const response = await client.responses.create({ model, input: INPUT, store: true, metadata: { topic: "rivers" } });
  return { client, user, response };
}

/** The message of an error, without the id. */
const words = (error: unknown, id: string) => (error as Error).message.replace(id, "…");

describe("a stored response", () => {
  it("is available to its owner, at the cost of a request", async () => {
    const { client, user, response } = await createStored();
    expect(response).toMatchObject({ store: true, metadata: { topic: "rivers" } });
    const paid = await user.settled();
    expect(paid).toEqual({ tokens: response.usage?.total_tokens, requests: 1, reserved: 0 });
    const again = await client.responses.retrieve(response.id);
    expect(again.output_text).toBe(response.output_text);
    expect(again.usage).toEqual(response.usage);
    expect(await user.settled()).toEqual({ ...paid, requests: 2 });
  });

  it("is available after a stream", async () => {
    const { client } = await createClient(weir);
    const final = await client.responses.stream({ model, input: INPUT, store: true }).finalResponse();
    expect((await client.responses.retrieve(final.id)).output_text).toBe(final.output_text);
  });

  it("lists its input page by page", async () => {
    const { client, response } = await createStored();
    const next = "And in winter?";
    const second = await client.responses.create({
      model,
      input: next,
      store: true,
      previous_response_id: response.id,
    });
    const shown: unknown[] = [];
    for await (const item of client.responses.inputItems.list(second.id, { limit: 1, order: "asc" })) shown.push(item);
    expect(shown).toMatchObject([
      { role: "user", content: [{ type: "input_text", text: INPUT }] },
      ...response.output.map(({ id }) => ({ id })),
      { role: "user", content: [{ type: "input_text", text: next }] },
    ]);
  });

  it("is gone after its owner has deleted it", async () => {
    const { client, response } = await createStored();
    await client.responses.delete(response.id);
    const { responses } = client;
    // One after the other, because a rejected promise must be awaited at once.
    for (const again of [() => responses.retrieve(response.id), () => responses.delete(response.id)]) {
      const error = await rejection(again());
      expect(error).toBeInstanceOf(NotFoundError);
      expect(error).toMatchObject(NOT_THERE);
    }
  });

  it("is not available to another user, and stays", async () => {
    const { client: owner, response } = await createStored();
    const { client: other, user } = await createClient(weir);
    const { responses } = other;
    const asked = [
      responses.retrieve(response.id),
      responses.delete(response.id),
      responses.cancel(response.id),
      responses.inputItems.list(response.id),
    ];
    for (const error of await Promise.all(asked.map(rejection))) {
      expect(error).toBeInstanceOf(NotFoundError);
      expect(error).toMatchObject(NOT_THERE);
    }
    const goingOn = responses.create({ model, input: "Go on.", previous_response_id: response.id });
    const error = await rejection(goingOn);
    expect(error).toBeInstanceOf(BadRequestError);
    expect(error).toMatchObject({ code: "previous_response_not_found", param: "previous_response_id" });
    expect(await user.settled()).toEqual({ tokens: 0, requests: asked.length + 1, reserved: 0 });
    expect((await owner.responses.retrieve(response.id)).id).toBe(response.id);
  });

  it("has the same error for another user as an unknown id", async () => {
    const { response } = await createStored();
    const { client } = await createClient(weir);
    const unknown = `resp_${"0".repeat(response.id.length - "resp_".length)}`;
    const [others, nobodys] = await Promise.all(
      [response.id, unknown].map((id) => rejection(client.responses.retrieve(id))),
    );
    expect(words(others, response.id)).toBe(words(nobodys, unknown));
  });
});

it("a response that is not stored is available to nobody", async () => {
  const { client } = await createClient(weir);
  const { id } = await client.responses.create({ model, input: INPUT });
  expect(await rejection(client.responses.retrieve(id))).toMatchObject(NOT_THERE);
});
