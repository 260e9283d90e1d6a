// uses: responses
// Stored answers: there for their owner alone, and only where the catalog allows them.

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { errorOf, NOTHING } from "../../../support/caller.ts";
import { createCatalog } from "../../../support/catalog.ts";
import { createHouseCatalog, HOUSE_HOST } from "../../../support/house.ts";
import { createUserOf, emulated, upstream } from "../../../support/providers.ts";
import { createUser, emulation, useCatalog } from "../../../support/workerd.ts";
import {
  asking,
  COUNTER,
  createSwitchedCatalog,
  LATER,
  look,
  PATH,
  respond,
  restrict,
  STORING,
} from "../support/stored.ts";

const STORED = { store: true, metadata: { screen: "home" } };

const ROUTES = [
  ["GET", ""],
  ["DELETE", ""],
  ["POST", "/cancel"],
  ["GET", "/input_items"],
] as const;

beforeEach(async () => {
  await useCatalog(createSwitchedCatalog(STORING));
  await emulation.zero();
});
afterEach(() => void vi.restoreAllMocks());

describe("a stored answer", () => {
  it("is there for its owner, with the caller's own metadata, for nothing more, until it is deleted", async () => {
    const user = await createUser();
    const answer = await respond(user, asking({ text: "A weir." }, STORED));
    expect(answer.metadata).toMatchObject({ screen: "home" });
    const spent = { tokens: answer.usage?.total_tokens, requests: 1, reserved: 0 };
    expect(await look(user, answer.id)).toEqual({ status: 200, body: answer });
    expect(await look(user, answer.id, "DELETE")).toMatchObject({ status: 200, body: { deleted: true } });
    expect((await look(user, answer.id)).status).toBe(404);
    expect(await user.settled()).toEqual(spent);
  });

  it("takes no query but that of pages", async () => {
    const user = await createUser();
    const { id } = await respond(user, asking({ tokens: 1 }, STORED));
    expect((await look(user, `${id}/input_items?limit=1&order=asc`)).status).toBe(200);
    expect((await look(user, `${id}/input_items?limit=many`)).status).toBe(400);
    await emulation.zero();
    for (const [method, rest] of ROUTES) {
      const refused = await look(user, `${id}${rest}?stream=true`, method);
      expect(refused).toMatchObject({ status: 400, body: { error: { param: "stream" } } });
    }
    expect((await emulation.stats()).requests).toBe(0);
  });

  it("belongs to its owner, whatever the caller's metadata say", async () => {
    const owner = await createUser();
    const answer = await respond(owner, asking({ tokens: 1 }, STORED));
    const forger = await createUser();
    const forged = await respond(forger, asking({ tokens: 1 }, { store: true, metadata: answer.metadata }));
    const before = await owner.settled();
    expect((await look(owner, forged.id)).status).toBe(404);
    expect((await look(forger, forged.id)).status).toBe(200);
    expect(await owner.settled()).toEqual(before);
  });

  it("names its owner alone in its stamp, and its lease and model while it goes on in the background", async () => {
    const user = await createUser();
    const stampOf = async (changes: object) =>
      Object.keys((await respond(user, asking({ tokens: 1 }, changes))).metadata).toSorted();
    expect(await stampOf({ store: true })).toEqual(["weir_user"]);
    expect(await stampOf(LATER)).toEqual(["weir_lease", "weir_model", "weir_user"]);
  });
});

describe.each(ROUTES)("%s of a stored answer%s", (method, rest) => {
  it("is a 404 to any other user, in the same words as an answer that never was, and does nothing", async () => {
    const owner = await createUser();
    const { id } = await respond(owner, asking({ tokens: 1 }, STORED));
    const other = await createUser();
    const refused = await look(other, `${id}${rest}`, method);
    expect(refused).toMatchObject({ status: 404, body: { error: { code: "not_found" } } });
    const unknown = await look(other, `resp_unknown${rest}`, method);
    expect(JSON.stringify(unknown).replace("resp_unknown", id)).toBe(JSON.stringify(refused));
    expect((await look(owner, id)).status).toBe(200);
    expect(await other.settled()).toEqual(NOTHING);
  });

  it("never reaches the provider with an id that is none", async () => {
    const user = await createUser();
    for (const id of ["nothing", "resp_..", "resp_a%2Fb", "resp_a%3Fb", "..%2Fmodels"]) {
      expect((await look(user, `${id}${rest}`, method)).status, id).toBe(404);
    }
    expect((await emulation.stats()).requests).toBe(0);
  });

  it("is refused to a blocked user, to a revoked token, and where the catalog does not allow storing", async () => {
    const [blocked, revoked] = [await createUser(), await createUser()];
    const { id } = await respond(blocked, asking({ tokens: 3 }, { store: true }));
    await restrict(blocked, "block");
    expect((await look(blocked, `${id}${rest}`, method)).status).toBe(403);
    await restrict(revoked, "revoke");
    expect((await look(revoked, `${id}${rest}`, method)).status).toBe(401);
    await useCatalog(createCatalog());
    expect((await look(await createUser(), `${id}${rest}`, method)).status).toBe(404);
  });
});

describe("without the catalog's permission", () => {
  beforeEach(() => useCatalog(createCatalog()));

  it.each<[string, object, string, string]>([
    ["a stored answer", { store: true }, "store", "responses.store"],
    ["a previous response", { previous_response_id: "resp_1" }, "previous_response_id", "responses.store"],
    ["the background", { background: true }, "background", "responses.background"],
    ["a conversation", { conversation: "conv_1" }, "conversation", "responses.conversations"],
    ["a stored prompt", { prompt: { id: "pmpt_1" } }, "prompt", "responses.prompts"],
    ["a hosted tool", { tools: [{ type: "web_search" }] }, "tools.0.type", "responses.hosted_tools"],
    [
      "a tool with the name of a method",
      { tools: [{ type: "constructor" }] },
      "tools.0.type",
      "responses.hosted_tools",
    ],
  ])("%s is a 400 that names the switch, costs nothing and is not sent", async (_, changes, param, name) => {
    for (const path of [PATH, COUNTER]) {
      const user = await createUser();
      const response = await user.post(path, asking({ tokens: 1 }, changes));
      expect(response.status).toBe(400);
      const error = await errorOf(response);
      expect(error).toMatchObject({ type: "invalid_request_error", code: "unsupported_parameter", param });
      expect(error.message).toContain(`Operators allow it in the catalog: ${name}.`);
      expect(await user.settled()).toEqual(NOTHING);
    }
    expect((await emulation.stats()).requests).toBe(0);
  });
});

it.each<[string, object, string]>([
  ["the background without being stored", { background: true }, "background"],
  ["the background as a stream", { ...LATER, stream: true }, "background"],
  ["an item by its name", { input: [{ type: "item_reference", id: "msg_1" }] }, "input.0.type"],
  ["a more expensive service", { service_tier: "priority" }, "service_tier"],
])("no switch allows %s", async (_, changes, param) => {
  const response = await (await createUser()).post(PATH, asking({ tokens: 1 }, changes));
  expect(response.status).toBe(400);
  expect((await errorOf(response)).param).toBe(param);
  expect((await emulation.stats()).requests).toBe(0);
});

it("an answer is not stored or stamped unless that was asked for", async () => {
  const user = await createUser();
  const { id } = await respond(user, asking({ tokens: 1 }, { metadata: { screen: "home" } }));
  const { last } = await emulation.stats();
  expect(last?.body).toMatchObject({ store: false, metadata: { screen: "home" } });
  expect(JSON.stringify(last?.body)).not.toContain("weir_");
  expect((await look(user, id)).status).toBe(404);
});

/** A user of the emulated provider and of a house that says that; `asked` has the methods that the house got. */
async function createUserBeside(status: number) {
  const asked: string[] = [];
  const house = upstream((request) => {
    if (new URL(request.url).host !== HOUSE_HOST) return emulated(request);
    asked.push(request.method);
    return Response.json({ error: { message: "No.", type: "server_error" } }, { status });
  });
  const variables = { PROVIDER_HOSTS: `api.openai.com ${HOUSE_HOST}`, HOUSE_API_KEY: "house-key", ...house };
  return { ...(await createUser(undefined, variables)), asked };
}

describe.each(["first", "last"])("beside another provider whose card comes %s, a stored answer", (place) => {
  beforeEach(async () => {
    const catalog = createHouseCatalog({ endpoints: ["responses"] }, { endpoints: ["responses"] });
    const { house, ...others } = catalog.cards;
    const cards = place === "first" ? { house, ...others } : { ...others, house };
    await useCatalog({ ...catalog, cards, responses: STORING });
  });

  it.each([404, 501])("is its owner's and nobody else's, though the other provider says %i", async (status) => {
    const owner = await createUserBeside(status);
    const answer = await respond(owner, asking({ tokens: 1 }, { store: true }));
    expect(await look(owner, answer.id)).toEqual({ status: 200, body: answer });
    const stranger = await createUserBeside(status);
    expect((await look(stranger, answer.id)).status).toBe(404);
    expect(stranger.asked).toEqual(["GET"]);
    expect(await look(owner, answer.id, "DELETE")).toMatchObject({ status: 200, body: { deleted: true } });
    expect(owner.asked).not.toContain("DELETE");
  });

  it("is its owner's though the other provider is broken, whose error it is when nobody has it", async () => {
    const owner = await createUserBeside(500);
    const answer = await respond(owner, asking({ tokens: 1 }, { store: true }));
    expect(await look(owner, answer.id)).toEqual({ status: 200, body: answer });
    expect(await look(owner, "resp_unknown")).toMatchObject({
      status: 502,
      body: { error: { code: "provider_error" } },
    });
  });
});

it("a stored answer whose provider is silent is a timeout of the provider's", async () => {
  const after = AbortSignal.timeout.bind(AbortSignal);
  vi.spyOn(AbortSignal, "timeout").mockImplementation(() => after(1));
  const user = await createUserOf(
    ({ signal }) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
      }),
  );
  expect(await look(user, "resp_1")).toMatchObject({ status: 504, body: { error: { code: "provider_timeout" } } });
});
