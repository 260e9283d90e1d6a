import { beforeEach, describe, expect, it } from "vitest";
import type { Bindings } from "../../src/core/env.ts";
import { createCaller, errorOf } from "../support/caller.ts";
import { createCatalog, createCatalogOf } from "../support/catalog.ts";
import { ask, SLIM, SURFACES } from "../support/surface.ts";
import { bindings, createSend, createUser, emulation, useCatalog } from "../support/workerd.ts";

type Failure = Error & { retryable?: boolean; overloaded?: boolean };

/** The users' objects, of which so many reservations fail, and with `rest` everything else. */
function failing(failures: number, { rest = false, ...marks }: Partial<Failure> & { rest?: boolean } = {}) {
  const tally = { reserves: 0 };
  const fail = () => Promise.reject(Object.assign(new Error("the object is out"), marks));
  const getByName = (name: string) => {
    const object = bindings.USER_QUOTA.getByName(name);
    const reserve = (...call: Parameters<typeof object.reserve>) => {
      tally.reserves += 1;
      return tally.reserves > failures ? object.reserve(...call) : fail();
    };
    const settle = (...call: Parameters<typeof object.settle>) => object.settle(...call);
    const view = (...call: Parameters<typeof object.view>) => object.view(...call);
    return rest ? { reserve: fail, settle: fail, view: fail, account: fail, inspect: fail } : { reserve, settle, view };
  };
  return { tally, USER_QUOTA: { getByName } as unknown as Bindings["USER_QUOTA"] };
}

/** The users' objects, of which every reservation is made, but its answer is lost. */
const FORGETFUL = {
  getByName(name: string) {
    const object = bindings.USER_QUOTA.getByName(name);
    const reserve = async (...call: Parameters<typeof object.reserve>) => {
      await object.reserve(...call);
      throw new Error("the answer was lost");
    };
    return { reserve, giveBack: (key: string) => object.giveBack(key) };
  },
} as unknown as Bindings["USER_QUOTA"];

/** A user whose requests meet the Worker with these bindings. */
async function createUserOf(changes: Partial<Bindings>) {
  const { token, settled } = await createUser();
  return { ...createCaller(createSend(changes), token), settled };
}

beforeEach(async () => {
  await useCatalog(createCatalog());
  await emulation.zero();
});

describe.each(SURFACES)("on %s, while the quota cannot be reached", (_, surface) => {
  it("a request is a 503, and nothing is sent", async () => {
    const { USER_QUOTA, tally } = failing(Infinity);
    const user = await createUserOf({ USER_QUOTA });
    const response = await ask(user, surface, { tokens: 1 });
    expect(response.status).toBe(503);
    expect(response.headers.get("retry-after")).toBe("1");
    const error = await errorOf(response);
    expect(error).toMatchObject({ type: "server_error", code: "quota_unavailable" });
    expect(error.message).not.toContain("the object is out");
    expect(tally.reserves).toBe(1);
    expect((await emulation.stats()).requests).toBe(0);
  });

  it("a request is served where the deployment chose so, bounded by its plan and charged to nobody", async () => {
    const { USER_QUOTA } = failing(Infinity, { rest: true });
    const user = await createUserOf({ USER_QUOTA, QUOTA_FAIL_OPEN: "true" });
    const response = await ask(user, surface, { tokens: 20 });
    expect(response.status).toBe(200);
    expect(response.headers.get("weir-max-output-tokens")).toBe("2000");
    expect(surface.failure(await response.text())).toBeUndefined();
    expect((await emulation.stats()).last?.body[surface.bound]).toBe(2000);
    expect(await user.settled()).toEqual({ tokens: 0, requests: 0, reserved: 0 });
  });

  it.each(["", "false", "TRUE", "1"])("a request is a 503 when QUOTA_FAIL_OPEN is %j", async (QUOTA_FAIL_OPEN) => {
    const { USER_QUOTA } = failing(Infinity, { rest: true });
    const user = await createUserOf({ USER_QUOTA, QUOTA_FAIL_OPEN });
    expect((await ask(user, surface, { tokens: 1 })).status).toBe(503);
    expect((await emulation.stats()).requests).toBe(0);
  });

  it("a model that the plan does not include is refused, even where requests are let through", async () => {
    await useCatalog(createCatalogOf({ models: ["o3-mini"] }));
    const { USER_QUOTA } = failing(Infinity, { rest: true });
    const user = await createUserOf({ USER_QUOTA, QUOTA_FAIL_OPEN: "true" });
    const response = await ask(user, surface, { tokens: 1 });
    expect(response.status).toBe(403);
    expect(await errorOf(response)).toMatchObject({ code: "model_not_allowed" });
    expect((await emulation.stats()).requests).toBe(0);
  });
});

describe("an object that fails", () => {
  it("in a way that can be retried is asked up to three times more, and serves", async () => {
    const { USER_QUOTA, tally } = failing(3, { retryable: true });
    const user = await createUserOf({ USER_QUOTA });
    const response = await ask(user, SLIM, { tokens: 1 }, false);
    expect(response.status).toBe(200);
    const tokens = SLIM.tokens(await response.text(), false);
    expect(tally.reserves).toBe(4);
    expect(await user.settled()).toEqual({ tokens, requests: 1, reserved: 0 });
  });

  it("again and again is given up after that", async () => {
    const { USER_QUOTA, tally } = failing(Infinity, { retryable: true });
    const user = await createUserOf({ USER_QUOTA });
    expect((await ask(user, SLIM, { tokens: 1 })).status).toBe(503);
    expect(tally.reserves).toBe(4);
  });

  it("because it is overloaded is left alone", async () => {
    const { USER_QUOTA, tally } = failing(1, { retryable: true, overloaded: true });
    const user = await createUserOf({ USER_QUOTA });
    expect((await ask(user, SLIM, { tokens: 1 })).status).toBe(503);
    expect(tally.reserves).toBe(1);
  });

  it.each([
    ["refused", undefined, 503],
    ["let through", "true", 200],
  ])("after it had reserved is given the reservation back, when the request is %s", async (_, open, status) => {
    const user = await createUserOf({ USER_QUOTA: FORGETFUL, ...(open ? { QUOTA_FAIL_OPEN: open } : {}) });
    const response = await ask(user, SLIM, { tokens: 1 });
    await response.text();
    expect(response.status).toBe(status);
    expect(await user.settled()).toEqual({ tokens: 0, requests: 0, reserved: 0 });
  });

  it("shows no usage, and no user to an operator, either", async () => {
    const { USER_QUOTA } = failing(Infinity, { rest: true });
    const user = await createUserOf({ USER_QUOTA, QUOTA_FAIL_OPEN: "true" });
    expect((await user.get("/usage")).status).toBe(503);
    const headers = { authorization: `Bearer ${bindings.ADMIN_TOKEN}` };
    expect((await createSend({ USER_QUOTA })("/admin/users/weir%7Calice", { headers })).status).toBe(503);
  });
});
