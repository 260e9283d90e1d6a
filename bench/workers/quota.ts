// The load generator for quota objects: GET /?objects=&parallel=&count= makes `count` decisions.
// It returns the total ms of all reservations and of all settlements, because the clock is too coarse for single calls.

import type { Limits } from "../../src/core/quota/view.ts";
import type { UserQuota } from "../../src/core/quota/user-quota.ts";

export { UserQuota } from "../../src/core/quota/user-quota.ts";

const limits: Limits = {
  windows: [
    { unit: "tokens", per: "day", limit: 1e12 },
    { unit: "requests", per: "minute", limit: 1e9 },
  ],
  concurrent: 1e6,
};
const claim = { plan: "bench", claimed: "bench", issuedAt: 0 };
const bound = { input: 100, output: 1000, minOutput: 100, choices: 1, requests: 1, inputNanoUsd: 0, outputNanoUsd: 0 };
const charge = { tokens: 500, requests: 1, nanoUsd: 0 };
export default {
  async fetch(request: Request, env: { USER_QUOTA: DurableObjectNamespace<UserQuota> }): Promise<Response> {
    const query = new URL(request.url).searchParams;
    const number = (name: string) => Number(query.get(name));
    const names = Array.from({ length: number("objects") }, () => crypto.randomUUID());
    const took = { reserveMs: 0, settleMs: 0 };
    const run = async (first: number, count: number) => {
      for (let done = 0; done < count; done++) {
        const object = env.USER_QUOTA.getByName(names[(first + done) % names.length] ?? "");
        const key = crypto.randomUUID();
        const begun = Date.now();
        const result = await object.reserve(claim, limits, { key, model: "bench", bound, leaseMs: 600_000 });
        if (!("ok" in result) || !result.ok) throw new Error(`refused: ${JSON.stringify(result)}`);
        const reserved = Date.now();
        await object.settle(limits, { key, charge });
        took.reserveMs += reserved - begun;
        took.settleMs += Date.now() - reserved;
      }
    };
    const parallel = number("parallel");
    const begun = Date.now();
    await Promise.all(Array.from({ length: parallel }, (_, first) => run(first, number("count") / parallel)));
    return Response.json({ totalMs: Date.now() - begun, ...took });
  },
};
