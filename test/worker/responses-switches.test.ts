import { beforeEach, describe, expect, it } from "vitest";
import { errorOf } from "../support/caller.ts";
import { createCatalog } from "../support/catalog.ts";
import { asking, createSwitchedCatalog, look, PATH, STORING } from "../support/switches.ts";
import { createUser, emulation, useCatalog } from "../support/workerd.ts";

const NOTHING = { tokens: 0, requests: 0, reserved: 0 };

beforeEach(async () => {
  await useCatalog(createCatalog());
  await emulation.zero();
});

/** Expects that a body is a 400 which costs nothing and asks nobody. */
async function refusal(changes: object, path = PATH) {
  const user = await createUser();
  const response = await user.post(path, asking({ tokens: 1 }, changes));
  expect(response.status).toBe(400);
  const error = await errorOf(response);
  expect(await user.settled()).toEqual(NOTHING);
  expect((await emulation.stats()).requests).toBe(0);
  return error;
}

describe("what costs more or outlives the request is refused unless the catalog allows it, naming the switch:", () => {
  it.each<[string, object, string, string]>([
    ["a stored answer", { store: true }, "store", "responses.store"],
    ["an answer that is gone on from", { previous_response_id: "resp_1" }, "previous_response_id", "responses.store"],
    ["the background", { background: true, store: true }, "store", "responses.store"],
    ["the background alone", { background: true }, "background", "responses.background"],
    ["a conversation", { conversation: "conv_1" }, "conversation", "responses.conversations"],
    ["a prompt of the operator's", { prompt: { id: "pmpt_1" } }, "prompt", "responses.prompts"],
    ["a search", { tools: [{ type: "web_search" }] }, "tools.0.type", "responses.hosted_tools"],
    [
      "a server of tools beside a function",
      { tools: [{ type: "function", name: "look", parameters: null, strict: false }, { type: "mcp" }] },
      "tools.1.type",
      "responses.hosted_tools",
    ],
    ["a tool by a name of Object's", { tools: [{ type: "constructor" }] }, "tools.0.type", "responses.hosted_tools"],
  ])("%s", async (_, changes, param, name) => {
    const error = await refusal(changes);
    expect(error).toMatchObject({ type: "invalid_request_error", code: "unsupported_parameter", param });
    expect(error.message).toContain(`Operators allow it in the catalog: ${name}.`);
    expect(await refusal(changes, `${PATH}/input_tokens`)).toEqual(error);
  });

  it("the background where only storing is allowed", async () => {
    await useCatalog(createSwitchedCatalog({ store: true }));
    const error = await refusal({ background: true, store: true });
    expect(error.message).toContain("responses.background.");
  });

  it.each([
    ["without being stored", { background: true }],
    ["as a stream", { background: true, store: true, stream: true }],
  ])("the background %s, even where it is allowed", async (_, changes) => {
    await useCatalog(createSwitchedCatalog(STORING));
    expect(await refusal(changes)).toMatchObject({ code: "unsupported_value", param: "background" });
  });

  it.each([
    ["GET", ""],
    ["DELETE", ""],
    ["POST", "/cancel"],
    ["GET", "/input_items"],
  ])("%s of a stored answer%s is a 404", async (method, rest) => {
    const { status, body } = await look(await createUser(), `resp_1${rest}`, method);
    expect(status).toBe(404);
    expect(body.error).toMatchObject({ code: "not_found" });
    expect((await emulation.stats()).requests).toBe(0);
  });
});

describe("what no switch allows:", () => {
  it.each<[string, object, string]>([
    [
      "a file",
      { input: [{ role: "user", content: [{ type: "input_file", file_id: "file_1" }] }] },
      "input.0.content.0",
    ],
    ["an item by its name", { input: [{ type: "item_reference", id: "msg_1" }] }, "input.0.type"],
    ["a costlier service", { service_tier: "priority" }, "service_tier"],
    ["a field that nobody knows", { surprise: 1 }, "surprise"],
  ])("%s", async (_, changes, param) => {
    await useCatalog(createSwitchedCatalog(STORING));
    const error = await refusal(changes);
    expect(error.param).toContain(param);
  });
});

it("an answer is not stored unless that was asked for", async () => {
  await useCatalog(createSwitchedCatalog(STORING));
  const user = await createUser();
  const response = await user.post(PATH, asking({ tokens: 1 }, { metadata: { screen: "home" } }));
  const { id } = (await response.json()) as { id: string };
  expect((await emulation.stats()).last?.body).toMatchObject({ store: false, metadata: { screen: "home" } });
  expect((await look(user, id)).status).toBe(404);
});
