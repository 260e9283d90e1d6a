import { runDurableObjectAlarm } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { asking, createSwitchedCatalog, look, PATH, respond, STORING } from "../support/switches.ts";
import { jsonBytes } from "../support/shown-input.ts";
import { createUser, emulation, useCatalog } from "../support/workerd.ts";

const TEMPLATE_TOKENS = 16;
const PLAN_OUTPUT = 2000;
const LATER = { store: true, background: true };
/** Works for ever. */
const ENDLESS = { tokens: 5, stall_after: 0 };

beforeEach(async () => {
  await useCatalog(createSwitchedCatalog(STORING));
  await emulation.zero();
});
afterEach(() => {
  vi.useRealTimers();
});

const boundOf = ({ input }: { input: string }) => jsonBytes({ input }) + TEMPLATE_TOKENS + PLAN_OUTPUT;

/** What a user's tokens are, while something may still run. */
async function tokensOf(user: Awaited<ReturnType<typeof createUser>>) {
  const { windows, leases } = await user.usage();
  const [window] = windows;
  return { used: window?.used, reserved: window?.reserved, running: leases.running };
}

describe("an answer in the background", () => {
  it("is told at once, and stays reserved while it goes on", async () => {
    const user = await createUser();
    const body = asking(ENDLESS, LATER);
    const response = await user.post(PATH, body);
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe("application/json");
    const { id, status } = (await response.json()) as { id: string; status: string };
    expect(status).toBe("queued");
    expect((await emulation.stats()).last?.body).toMatchObject({ background: true, store: true });
    const reserved = { used: 0, reserved: boundOf(body), running: 1 };
    expect(await tokensOf(user)).toEqual(reserved);
    expect(await look(user, id)).toMatchObject({ status: 200, body: { status: "in_progress" } });
    expect(await tokensOf(user)).toEqual(reserved);
  });

  it("is settled by its usage when its owner asks for it, once", async () => {
    const user = await createUser();
    const { id } = await respond(user, asking({ tokens: 12, reasoning: 30 }, LATER));
    expect(await tokensOf(user)).toMatchObject({ used: 0, running: 1 });
    const { body } = await look(user, id);
    expect(body).toMatchObject({ status: "completed", usage: { output_tokens: 42 } });
    const spent = { tokens: body.usage?.total_tokens, requests: 1, reserved: 0 };
    expect(await user.settled()).toEqual(spent);
    expect((await look(user, id)).body).toEqual(body);
    expect((await look(user, `${id}/cancel`, "POST")).body).toEqual(body);
    expect(await user.settled()).toEqual(spent);
  });

  it("is settled by its usage when it has failed, or was cut short", async () => {
    const user = await createUser();
    const failed = await respond(user, asking({ tokens: 9, error_after: 4, reasoning: 1 }, LATER));
    const { body: first } = await look(user, failed.id);
    expect(first).toMatchObject({ status: "failed", usage: { output_tokens: 5 } });
    const cut = await respond(user, asking({ tokens: 90, reasoning: 1 }, { ...LATER, max_output_tokens: 20 }));
    const { body: second } = await look(user, cut.id);
    expect(second).toMatchObject({ status: "incomplete", usage: { output_tokens: 20 } });
    const tokens = (first.usage?.total_tokens ?? NaN) + (second.usage?.total_tokens ?? NaN);
    expect(await user.settled()).toEqual({ tokens, requests: 2, reserved: 0 });
  });

  it("is not there for anybody else, who settles nothing", async () => {
    const user = await createUser();
    const { id } = await respond(user, asking({ tokens: 1 }, LATER));
    const other = await createUser();
    expect((await look(other, id)).status).toBe(404);
    expect((await look(other, `${id}/cancel`, "POST")).status).toBe(404);
    expect(await tokensOf(user)).toMatchObject({ used: 0, running: 1 });
  });

  it.each([
    ["that its owner cancels", ENDLESS, "/cancel", "cancelled"],
    ["without usage", { tokens: 5, no_usage: true }, "", "completed"],
  ])("%s costs its bound, at once and for good", async (_kind, script, rest, status) => {
    const user = await createUser();
    const body = asking(script, LATER);
    const { id } = await respond(user, body);
    expect(await look(user, `${id}${rest}`, rest === "" ? "GET" : "POST")).toMatchObject({
      status: 200,
      body: { status },
    });
    const inFull = { used: boundOf(body), reserved: 0, running: 0 };
    expect(await tokensOf(user)).toEqual(inFull);
    expect((await look(user, id)).body.status).toBe(status);
    expect(await tokensOf(user)).toEqual(inFull);
    expect((await user.settled()).requests).toBe(1);
  });

  it("that its owner deletes while it goes on costs its bound at once", async () => {
    const user = await createUser();
    const body = asking(ENDLESS, LATER);
    const { id } = await respond(user, body);
    expect((await look(user, id, "DELETE")).status).toBe(200);
    expect(await tokensOf(user)).toEqual({ used: boundOf(body), reserved: 0, running: 0 });
  });

  it("whose owner asks only after the lease has ended is corrected to its usage, once", async () => {
    const user = await createUser();
    const body = asking({ tokens: 3 }, LATER);
    const { id } = await respond(user, body);
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 691_000 });
    expect(await runDurableObjectAlarm(user.quota)).toBe(true);
    expect((await user.settled()).tokens).toBe(boundOf(body));
    const { body: answer } = await look(user, id);
    const spent = { tokens: answer.usage?.total_tokens, requests: 1, reserved: 0 };
    expect(await user.settled()).toEqual(spent);
    await look(user, id);
    expect(await user.settled()).toEqual(spent);
  });

  it("that the provider refuses costs nothing", async () => {
    const user = await createUser();
    const response = await user.post(PATH, asking({ status: 500 }, LATER));
    expect(response.status).toBe(502);
    expect(await user.settled()).toEqual({ tokens: 0, requests: 0, reserved: 0 });
  });

  it("is one of those that may run at the same time", async () => {
    const user = await createUser("single");
    const { id } = await respond(user, asking({ tokens: 1 }, LATER));
    expect((await user.post(PATH, asking({ tokens: 1 }))).status).toBe(429);
    await look(user, id);
    expect((await user.post(PATH, asking({ tokens: 1 }))).status).toBe(200);
  });
});
