import { afterAll, afterEach, expect, it } from "vitest";
import { spentOf } from "../support/caller.ts";
import { createCatalogOf } from "../support/catalog.ts";
import type { Cost } from "../support/random-streams.ts";
import { playAny, randomStreamsOfAll } from "../support/responses-streams.ts";
import { startWeir } from "../support/weir.ts";

const STREAMS = 1000;
const USERS = 40;
/** Streams at the same time. */
const LANES = 50;
/** `SEED=7 npx vitest run --project e2e random-endings` plays a run again. */
const SEED = Number(process.env.SEED ?? Date.now() % 2 ** 31);

const weir = await startWeir(createCatalogOf({ concurrent: LANES }));
afterAll(weir.close);
afterEach(weir.report);

const total = (costs: Cost[], of: keyof Cost) => costs.reduce((sum, cost) => sum + cost[of], 0);

it("after 1000 streams with random endings every ledger holds what the rules give, and no lease is left", async () => {
  await weir.emulation.zero();
  const streams = randomStreamsOfAll(STREAMS, SEED);
  const users = await Promise.all(
    Array.from({ length: USERS }, async () => ({ caller: await weir.createUser(), costs: [] as Cost[] })),
  );
  const queue = streams.entries();
  const lane = async () => {
    for (const [index, stream] of queue) {
      const user = users[index % USERS];
      user?.costs.push(await playAny(user.caller, stream));
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));

  for (const [index, { caller, costs }] of users.entries()) {
    const seen = `user ${index} of the run with SEED=${SEED}`;
    const { tokens, ...rest } = await caller.settled();
    expect(rest, seen).toEqual({ requests: total(costs, "requests"), reserved: 0 });
    expect(tokens, seen).toBeGreaterThanOrEqual(total(costs, "least"));
    expect(tokens, seen).toBeLessThanOrEqual(total(costs, "most"));
    expect(spentOf(await caller.usage()), seen).toEqual({ tokens, ...rest });
  }
  const { requests, active } = await weir.emulation.idle();
  expect({ requests, active }, `SEED=${SEED}`).toEqual({ requests: STREAMS, active: 0 });
}, 60_000);
