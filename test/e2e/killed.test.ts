// uses: slim-chat, usage
// A Worker that is killed in the middle of an answer: its lease survives in storage, and expires.

import { afterAll, expect, it } from "vitest";
import { createToken } from "../../dev/token.ts";
import { createCatalog } from "../support/catalog.ts";
import { emulate } from "../support/emulation.ts";
import { readUntil } from "../support/events.ts";
import { createHome } from "../support/killable-weir.ts";
import { SLIM_RESPONSES } from "../support/surface.ts";
import { createUser } from "../support/weir.ts";

/** Longer than the first run of the Worker, in which no lease may expire. */
const LEASE_MS = 2500;
const TEMPLATE_TOKENS = 16;

const home = createHome(createCatalog({ total_ms: LEASE_MS, lease_grace_ms: 0 }));
const runs: { kill: () => Promise<void> }[] = [];
afterAll(async () => {
  for (const run of runs) await run.kill();
  home.remove();
});

/** Starts Weir again, for the user of `token`. */
async function startAgain(token: string) {
  const weir = await home.start();
  runs.push(weir);
  return { user: createUser(weir.url, token), kill: weir.kill };
}

it("a Worker that is killed in the middle of an answer leaves a lease, which expires and costs the whole bound", async () => {
  const token = await createToken(crypto.randomUUID());
  const first = await startAgain(token);
  const body = { model: "gpt-6.1-terra", input: emulate({ stall_after: 3, tokens: 10 }) };
  const response = await first.user.post("/chat", body);
  expect(response.status).toBe(200);
  await readUntil(response.body, "over");
  const bound = SLIM_RESPONSES.shown(body) + TEMPLATE_TOKENS + Number(response.headers.get("weir-max-output-tokens"));
  const before = await first.user.usage();
  expect(before.leases).toMatchObject({ running: 1 });
  expect(before.windows).toMatchObject([
    { unit: "tokens", used: 0, reserved: bound },
    { unit: "requests", used: 0, reserved: 1 },
  ]);
  await first.kill();

  const second = await startAgain(token);
  expect(await second.user.settled()).toEqual({ tokens: bound, requests: 1, reserved: 0 });
  const again = await second.user.post("/chat", { model: "gpt-6.1-terra", input: emulate({ tokens: 1 }) });
  expect(again.status).toBe(200);
  await again.text();
  expect(await second.user.settled()).toMatchObject({ requests: 2, reserved: 0 });
}, 90_000);
