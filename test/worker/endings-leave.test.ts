import { beforeEach, describe, expect, it } from "vitest";
import { createCatalog } from "../support/catalog.ts";
import type { Surface } from "../support/surface.ts";
import { ask, SURFACES } from "../support/surface.ts";
import { createUser, emulation, useCatalog } from "../support/workerd.ts";

/** The tests' catalog, in which an answer is read on for so long after its caller has left. */
async function useFinishing(leaveMs: number): Promise<void> {
  const catalog = createCatalog({ leave_ms: leaveMs });
  const aliases = Object.entries(catalog.aliases).map(([name, alias]) => [name, { ...alias, on_leave: "finish" }]);
  await useCatalog({ ...catalog, aliases: Object.fromEntries(aliases) });
}

/** What such an answer costs somebody who hears it to the end. */
async function costOf(surface: Surface, script: object, stream: boolean): Promise<number> {
  const response = await ask(await createUser(), surface, script, stream);
  const tokens = surface.tokens(await response.text(), stream);
  await emulation.idle();
  await emulation.zero();
  return tokens;
}

const LONG = { tokens: 60, delay_ms: 5, reasoning: 7 };
const LATE = { tokens: 20, first_ms: 150 };

beforeEach(async () => {
  await emulation.zero();
});

describe.each(SURFACES)("a caller of %s who leaves an answer that is to finish", (_, surface) => {
  it("in the middle pays the usage, and the provider is not told to stop", async () => {
    await useFinishing(25_000);
    const tokens = await costOf(surface, LONG, true);
    const user = await createUser();
    const response = await ask(user, surface, LONG);
    const reader = response.body?.getReader();
    await reader?.read();
    await reader?.cancel();
    expect(await user.settled()).toEqual({ tokens, requests: 1, reserved: 0 });
    expect(await emulation.idle()).toMatchObject({ requests: 1, completed: 1, cancelled: 0 });
  });

  it.each([
    ["streamed", true],
    ["whole", false],
  ])("before it begins pays the usage when it is %s", async (_kind, stream) => {
    await useFinishing(25_000);
    const tokens = await costOf(surface, LATE, stream);
    const user = await createUser();
    const control = new AbortController();
    const response = user.post(surface.path, surface.body(LATE, stream), { signal: control.signal });
    await emulation.busy();
    control.abort();
    await expect(response).rejects.toThrow("abort");
    expect(await user.settled()).toEqual({ tokens, requests: 1, reserved: 0 });
    expect(await emulation.idle()).toMatchObject({ requests: 1, completed: 1, cancelled: 0 });
  });

  it("pays an estimate when the usage does not come in time, and then the provider is told to stop", async () => {
    await useFinishing(20);
    const user = await createUser();
    const script = { tokens: 1500, delay_ms: 5 };
    const body = JSON.stringify(surface.body(script, true));
    const response = await user.post(surface.path, body);
    const reader = response.body?.getReader();
    await reader?.read();
    await reader?.cancel();
    const { tokens, ...rest } = await user.settled();
    expect(rest).toEqual({ requests: 1, reserved: 0 });
    expect(tokens).toBeGreaterThan(Math.ceil(body.length / 4));
    expect(tokens).toBeLessThanOrEqual(body.length + 16 + 2000);
    expect(await emulation.idle()).toMatchObject({ requests: 1, completed: 0, cancelled: 1 });
  });

  it("pays an estimate when the answer has no usage", async () => {
    await useFinishing(25_000);
    const user = await createUser();
    const response = await ask(user, surface, { ...LONG, no_usage: true });
    const reader = response.body?.getReader();
    await reader?.read();
    await reader?.cancel();
    const { tokens, ...rest } = await user.settled();
    expect(rest).toEqual({ requests: 1, reserved: 0 });
    expect(tokens).toBeGreaterThan(1024);
    expect(await emulation.idle()).toMatchObject({ completed: 1, cancelled: 0 });
  });
});
