import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { UserQuota } from "../../src/index.ts";
import { createCaller, errorOf } from "../support/caller.ts";
import { asking, createSwitchedCatalog, PATH, respond } from "../support/switches.ts";
import { bindings, createSend, createUser, emulation, useCatalog } from "../support/workerd.ts";

const COUNTER = `${PATH}/input_tokens`;
const TEMPLATE_TOKENS = 16;
const NOTHING = { tokens: 0, requests: 0, reserved: 0 };
const LONG = "The river is long. ".repeat(100);

const reserve = vi.spyOn(UserQuota.prototype, "reserve");

beforeEach(async () => {
  await useCatalog(createSwitchedCatalog({ store: true }));
  await emulation.zero();
});
afterEach(() => {
  reserve.mockClear();
});

const next = (previous: string, changes: object = {}) =>
  asking({ tokens: 2 }, { previous_response_id: previous, ...changes });

describe("an answer that is gone on from", () => {
  it("must be the caller's own", async () => {
    const { id } = await respond(await createUser(), asking({ tokens: 1 }, { store: true }));
    await emulation.zero();
    const other = await createUser();
    for (const [path, previous] of [
      [PATH, id],
      [PATH, "resp_unknown"],
      [PATH, "../models"],
      [COUNTER, id],
    ] as const) {
      const response = await other.post(path, next(previous));
      expect(response.status, path).toBe(400);
      expect(await errorOf(response)).toMatchObject({
        type: "invalid_request_error",
        code: "previous_response_not_found",
        param: "previous_response_id",
      });
    }
    expect(await other.settled()).toEqual(NOTHING);
    expect((await emulation.stats()).by_path).toEqual({ [`${PATH}/:id`]: 3 });
  });

  it.each([false, true])("is bounded by the provider's own count (stream: %s)", async (stream) => {
    const user = await createUser();
    const first = await respond(user, { model: "o4-mini", input: LONG, store: true });
    await emulation.zero();
    reserve.mockClear();
    const before = await user.settled();
    const response = await user.post(PATH, next(first.id, { stream }));
    const text = await response.text();
    expect(response.status, text).toBe(200);
    expect((await emulation.stats()).by_path).toEqual({ [`${PATH}/:id`]: 1, [COUNTER]: 1, [PATH]: 1 });
    const counted = Number(/"input_tokens":(\d+)/.exec(text)?.[1]);
    expect(counted).toBeGreaterThan(400);
    expect(reserve).toHaveBeenCalledTimes(1);
    expect(reserve.mock.calls[0]?.[2].bound.input).toBe(counted + TEMPLATE_TOKENS);
    const total = Number(/"total_tokens":(\d+)/.exec(text)?.[1]);
    expect(await user.settled()).toEqual({ tokens: before.tokens + total, requests: 2, reserved: 0 });
  });

  it("whose count does not fit is a 429, and is not sent", async () => {
    const user = await createUser();
    const { id } = await respond(user, { model: "o4-mini", input: LONG, store: true });
    const { tokens } = await user.settled();
    const windows = [{ unit: "tokens", per: "month", limit: tokens + 600 } as const];
    await useCatalog(createSwitchedCatalog({ store: true }, { windows }));
    await emulation.zero();
    const response = await user.post(PATH, next(id));
    expect(response.status).toBe(429);
    expect((await emulation.stats()).by_path).toEqual({ [`${PATH}/:id`]: 1, [COUNTER]: 1 });
    expect(await user.settled()).toMatchObject({ tokens, reserved: 0 });
  });

  it.each([
    ["fails", () => Promise.resolve(new Response("{}", { status: 500 }))],
    ["answers nonsense", () => Promise.resolve(Response.json({ input_tokens: "many" }))],
    ["cannot be reached", () => Promise.reject(new Error("no network"))],
  ])("is a 502 when the counter %s, and nothing is reserved", async (_kind, count) => {
    const owner = await createUser();
    const { id } = await respond(owner, asking({ tokens: 1 }, { store: true }));
    const before = await owner.settled();
    reserve.mockClear();
    const asked: string[] = [];
    const UPSTREAM = {
      fetch(request: Request) {
        const { pathname } = new URL(request.url);
        asked.push(`${request.method} ${pathname}`);
        return pathname === COUNTER ? count() : bindings.UPSTREAM?.fetch(request);
      },
    } as unknown as Fetcher;
    const user = createCaller(createSend({ UPSTREAM }), owner.token);
    const response = await user.post(PATH, next(id));
    expect(response.status).toBe(502);
    expect(await errorOf(response)).toMatchObject({ code: "provider_error" });
    expect(asked).toEqual([`GET ${PATH}/${id}`, `POST ${COUNTER}`]);
    expect(reserve).not.toHaveBeenCalled();
    expect(await owner.settled()).toEqual(before);
  });
});
