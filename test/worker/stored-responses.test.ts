import { beforeEach, describe, expect, it } from "vitest";
import { errorOf } from "../support/caller.ts";
import { readEvents } from "../support/events.ts";
import { asking, createSwitchedCatalog, look, PATH, respond, STORING } from "../support/switches.ts";
import { createUser, emulation, useCatalog } from "../support/workerd.ts";

const NOTHING = { tokens: 0, requests: 0, reserved: 0 };
const STORED = { store: true, metadata: { screen: "home" } };

/** What can be asked of a stored answer. */
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

describe("a stored answer", () => {
  it("is there for its owner, with the caller's own metadata, and costs nothing more", async () => {
    const user = await createUser();
    const answer = await respond(user, asking({ text: "A weir." }, STORED));
    const tokens = answer.usage?.total_tokens ?? NaN;
    expect(await user.settled()).toEqual({ tokens, requests: 1, reserved: 0 });
    const { status, body } = await look(user, answer.id);
    expect(status).toBe(200);
    expect(body).toEqual(answer);
    expect(body.metadata).toMatchObject({ screen: "home" });
    expect(await user.settled()).toEqual({ tokens, requests: 1, reserved: 0 });
  });

  it("is there when it was streamed", async () => {
    const user = await createUser();
    const response = await user.post(PATH, asking({ text: "A weir." }, { ...STORED, stream: true }));
    const last = readEvents(await response.text()).at(-1)?.data ?? "{}";
    const { response: answer } = JSON.parse(last) as { response: { id: string } };
    const before = await user.settled();
    expect(await look(user, answer.id)).toEqual({ status: 200, body: answer });
    expect(await user.settled()).toEqual(before);
  });

  it("shows what was asked, in pages", async () => {
    const user = await createUser();
    const input = [
      { role: "user", content: "What is a weir?" },
      { role: "user", content: "Is it wet?" },
    ];
    const { id } = await respond(user, { model: "o4-mini", input, store: true });
    const { status, body } = await look(user, `${id}/input_items?limit=1&order=asc`);
    expect(status).toBe(200);
    expect(body).toMatchObject({ object: "list", has_more: true, data: [{ role: "user" }] });
    const { last_id: after } = body as unknown as { last_id: string };
    expect((await look(user, `${id}/input_items?limit=1&order=asc&after=${after}`)).body).toMatchObject({
      has_more: false,
    });
    expect((await look(user, `${id}/input_items?limit=many`)).status).toBe(400);
    expect((await look(user, `${id}/input_items?surprise=1`)).status).toBe(400);
  });

  it.each(ROUTES.slice(0, 3))("%s%s takes no query, of which nothing would be passed on", async (method, rest) => {
    const user = await createUser();
    const { id } = await respond(user, asking({ tokens: 1 }, STORED));
    await emulation.zero();
    const response = await user.get(`${PATH}/${id}${rest}?stream=true`, { method });
    expect(response.status).toBe(400);
    expect(await errorOf(response)).toMatchObject({ code: "unsupported_parameter", param: "stream" });
    expect((await emulation.stats()).requests).toBe(0);
  });

  it("is gone when its owner deletes it", async () => {
    const user = await createUser();
    const { id } = await respond(user, asking({ tokens: 1 }, STORED));
    expect(await look(user, id, "DELETE")).toMatchObject({ status: 200, body: { id, deleted: true } });
    expect((await look(user, id)).status).toBe(404);
  });

  it.each(ROUTES)("%s%s is a 404 to any other user, and does nothing", async (method, rest) => {
    const owner = await createUser();
    const { id } = await respond(owner, asking({ tokens: 1 }, STORED));
    const other = await createUser();
    const mine = await look(other, `${id}${rest}`, method);
    expect(mine.status).toBe(404);
    expect(mine.body.error).toMatchObject({ code: "not_found" });
    // What is not there at all is told in the same words.
    const unknown = await look(other, `resp_unknown${rest}`, method);
    expect(JSON.stringify(unknown).replace("resp_unknown", id)).toBe(JSON.stringify(mine));
    expect((await look(owner, id)).status).toBe(200);
    expect(await other.settled()).toEqual(NOTHING);
  });

  it.each(ROUTES)("%s of an id%s that is none never reaches the provider", async (method, rest) => {
    const user = await createUser();
    for (const id of ["nothing", "resp_..", "resp_a%2Fb", "resp_a%3Fb", "..%2Fmodels"]) {
      expect((await look(user, `${id}${rest}`, method)).status, id).toBe(404);
    }
    expect((await emulation.stats()).requests).toBe(0);
  });

  it("belongs to its owner whatever the caller's metadata say", async () => {
    const owner = await createUser();
    const answer = await respond(owner, asking({ tokens: 1 }, STORED));
    const forger = await createUser();
    const forged = await respond(forger, asking({ tokens: 1 }, { store: true, metadata: answer.metadata }));
    expect((await look(owner, forged.id)).status).toBe(404);
    expect((await look(forger, forged.id)).status).toBe(200);
    // Nor is an earlier reservation settled again.
    const before = await owner.settled();
    await look(forger, forged.id);
    expect(await owner.settled()).toEqual(before);
  });
});
