// The openai package as it is, over /v1/models.

import OpenAI, { AuthenticationError, NotFoundError } from "openai";
import { afterEach, describe, expect, it } from "vitest";
import { createClient, rejection } from "../../../support/openai-client.ts";
import { useWeir } from "../../../support/weir.ts";

const weir = await useWeir();
afterEach(weir.report);

const MODEL = "o4-mini";
const SNAPSHOT = "o4-mini-2025-04-16";

describe("the models", () => {
  it("are listed, and have a card each", async () => {
    const { client } = await createClient(weir);
    const models = await client.models.list();
    const mini = models.data.find(({ id }) => id === MODEL);
    expect(mini).toMatchObject({ object: "model", owned_by: "openai" });
    expect(await client.models.retrieve(MODEL)).toMatchObject({ ...mini, card: { max_output_tokens: 100_000 } });
  });

  it("are found by alias and by snapshot", async () => {
    const { client } = await createClient(weir);
    expect(await client.models.retrieve(MODEL)).toMatchObject({ id: MODEL, snapshot: SNAPSHOT });
    expect(await client.models.retrieve(SNAPSHOT)).toMatchObject({ id: SNAPSHOT, snapshot: SNAPSHOT });
    expect(await rejection(client.models.retrieve("nothing"))).toBeInstanceOf(NotFoundError);
  });
});

describe("an error has the client's class", () => {
  it("AuthenticationError for a wrong token", async () => {
    const client = new OpenAI({ apiKey: "sk-wrong", baseURL: `${weir.url}/v1`, maxRetries: 0 });
    const error = await rejection(client.models.list());
    expect(error).toBeInstanceOf(AuthenticationError);
    expect(error).toMatchObject({ status: 401, code: "invalid_api_key" });
  });
});
