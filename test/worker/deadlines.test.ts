import { describe, expect, it } from "vitest";
import { errorOf } from "../support/caller.ts";
import { createCatalog } from "../support/catalog.ts";
import { readUntil } from "../support/events.ts";
import { ask, OPENAI, PACES } from "../support/surface.ts";
import { createUser, emulation, useCatalog } from "../support/workerd.ts";

/** How the fifth of the provider's filler tokens ends, on either wire. */
const FIFTH_TOKEN = ' low"';

describe.each(PACES)("on %s", (_, surface) => {
  it.each([
    ["to begin is a 504 when streamed", true, { first_byte_ms: 30 }],
    // Its first byte is all that there is to wait for.
    ["in all is a 504 when whole", false, { total_ms: 30, first_byte_ms: 1 }],
  ])("a provider that takes too long %s, and costs nothing", async (_kind, stream, timing) => {
    await useCatalog(createCatalog(timing));
    await emulation.zero();
    const user = await createUser();
    const response = await ask(user, surface, { tokens: 5, first_ms: 60_000 }, stream);
    expect(response.status).toBe(504);
    expect(await errorOf(response)).toMatchObject({ type: "server_error", code: "provider_timeout" });
    expect(await user.settled()).toEqual({ tokens: 0, requests: 0, reserved: 0 });
    expect(await emulation.idle()).toMatchObject({ requests: 1, cancelled: 1 });
  });

  it("a provider that falls silent in the middle fails the stream, and costs an estimate", async () => {
    await useCatalog(createCatalog({ idle_ms: 60 }));
    await emulation.zero();
    const user = await createUser();
    const response = await ask(user, surface, { tokens: 50, stall_after: 5 });
    expect(response.status).toBe(200);
    expect(surface.failure(await response.text())).toMatchObject({ code: "provider_timeout" });
    const { tokens, ...rest } = await user.settled();
    expect(tokens).toBeGreaterThan(0);
    expect(rest).toEqual({ requests: 1, reserved: 0 });
    expect(await emulation.idle()).toMatchObject({ requests: 1, cancelled: 1 });
  });

  it("a provider that speaks for too long fails the stream, however busy it is", async () => {
    await useCatalog(createCatalog({ total_ms: 100 }));
    await emulation.zero();
    const user = await createUser();
    const response = await ask(user, surface, { tokens: 2000, delay_ms: 5 });
    expect(surface.failure(await response.text())).toMatchObject({ code: "provider_timeout" });
    expect(await user.settled()).toMatchObject({ requests: 1, reserved: 0 });
    expect(await emulation.idle()).toMatchObject({ requests: 1, cancelled: 1 });
  });

  it.skipIf(surface === OPENAI)(
    "silence is filled with comment lines, which readers of events do not see",
    async () => {
      // Silence is looked at once a second, so the deadline has to come after that.
      await useCatalog(createCatalog({ keep_alive_ms: 10, idle_ms: 1200 }));
      const response = await ask(await createUser(), surface, { tokens: 50, stall_after: 5 });
      const text = await response.text();
      const lines = text.split("\n");
      expect(lines.filter((line) => line.startsWith(":")).length).toBeGreaterThan(1);
      expect(lines.filter((line) => line.startsWith(":") && line !== ":")).toEqual([]);
      expect(surface.failure(text)).toMatchObject({ code: "provider_timeout" });
    },
  );

  it("a caller who leaves while the provider is silent is settled, and the provider is told to stop", async () => {
    await useCatalog(createCatalog());
    await emulation.zero();
    const user = await createUser();
    const response = await ask(user, surface, { tokens: 50, stall_after: 5 });
    const reader = await readUntil(response.body, FIFTH_TOKEN);
    expect(await user.usage()).toMatchObject({ leases: { running: 1 } });
    await reader.cancel();
    expect(await user.settled()).toMatchObject({ requests: 1, reserved: 0 });
    expect(await emulation.idle()).toMatchObject({ requests: 1, cancelled: 1 });
  });
});
