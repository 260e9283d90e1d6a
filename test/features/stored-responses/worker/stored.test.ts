// Requests for stored answers, and stored answers of several providers.

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { errorOf, NOTHING } from "../../../support/caller.ts";
import { createCatalog } from "../../../support/catalog.ts";
import { createHouseCatalog, HOUSE_HOST } from "../../../support/house.ts";
import { createUserOf, emulated, upstream } from "../../../support/providers.ts";
import { createUser, emulation, useCatalog } from "../../../support/workerd.ts";
import { asking, COUNTER, createSwitchedCatalog, LATER, look, PATH, respond, STORING } from "../support/stored.ts";

beforeEach(async () => {
  await useCatalog(createSwitchedCatalog(STORING));
  await emulation.zero();
});
afterEach(() => void vi.restoreAllMocks());

it.each([PATH, COUNTER])("without the catalog's switch %s is a 400 that names it, and costs nothing", async (path) => {
  await useCatalog(createCatalog());
  const user = await createUser();
  const response = await user.post(path, asking({ tokens: 1 }, { store: true }));
  expect(response.status).toBe(400);
  const error = await errorOf(response);
  expect(error).toMatchObject({ type: "invalid_request_error", code: "unsupported_parameter", param: "store" });
  expect(error.message).toContain("Operators allow it in the catalog: responses.store.");
  expect(await user.settled()).toEqual(NOTHING);
  expect((await emulation.stats()).requests).toBe(0);
});

it.each<[string, object, string]>([
  ["a background answer that is not stored", { background: true }, "background"],
  ["a streamed background answer", { ...LATER, stream: true }, "background"],
  ["a reference to an item", { input: [{ type: "item_reference", id: "msg_1" }] }, "input.0.type"],
  ["a more expensive tier", { service_tier: "priority" }, "service_tier"],
])("no switch allows %s", async (_, changes, param) => {
  const response = await (await createUser()).post(PATH, asking({ tokens: 1 }, changes));
  expect(response.status).toBe(400);
  expect((await errorOf(response)).param).toBe(param);
  expect((await emulation.stats()).requests).toBe(0);
});

it("an answer is neither stored nor stamped unless requested", async () => {
  const user = await createUser();
  const { id } = await respond(user, asking({ tokens: 1 }, { metadata: { screen: "home" } }));
  const { last } = await emulation.stats();
  expect(last?.body).toMatchObject({ store: false, metadata: { screen: "home" } });
  expect(JSON.stringify(last?.body)).not.toContain("weir_");
  expect((await look(user, id)).status).toBe(404);
});

/** A user of the emulated provider and of a house with this status. `asked` has the methods of the house's requests. */
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

describe.each(["first", "last"])("with another provider, whose card is %s, a stored answer", (place) => {
  beforeEach(async () => {
    const catalog = createHouseCatalog({ endpoints: ["responses"] }, { endpoints: ["responses"] });
    const { house, ...others } = catalog.cards;
    const cards = place === "first" ? { house, ...others } : { ...others, house };
    await useCatalog({ ...catalog, cards, responses: STORING });
  });

  it.each([404, 501])("is available to its owner only, when the other provider responds with %i", async (status) => {
    const owner = await createUserBeside(status);
    const answer = await respond(owner, asking({ tokens: 1 }, { store: true }));
    expect(await look(owner, answer.id)).toEqual({ status: 200, body: answer });
    const stranger = await createUserBeside(status);
    expect((await look(stranger, answer.id)).status).toBe(404);
    expect(stranger.asked).toEqual(["GET"]);
    expect(await look(owner, answer.id, "DELETE")).toMatchObject({ status: 200, body: { deleted: true } });
    expect(owner.asked).not.toContain("DELETE");
  });

  it("is available when the other provider fails, whose error is the response to an unknown id", async () => {
    const owner = await createUserBeside(500);
    const answer = await respond(owner, asking({ tokens: 1 }, { store: true }));
    expect(await look(owner, answer.id)).toEqual({ status: 200, body: answer });
    expect(await look(owner, "resp_unknown")).toMatchObject({
      status: 502,
      body: { error: { code: "provider_error" } },
    });
  });
});

it("a request for a stored answer times out when the provider is silent", async () => {
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
