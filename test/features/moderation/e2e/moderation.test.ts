// uses: slim-chat
// POST /moderate and a moderated slim chat over a socket.

import { afterAll, afterEach, beforeEach, expect, it } from "vitest";
import { readEvents, readUntil } from "../../../support/events.ts";
import { repeatUntil } from "../../../support/repeat.ts";
import { startWeir } from "../../../support/weir.ts";
import { message, moderatedCatalog, windowsOf } from "../support/moderated.ts";

const RULES = { "phone-number": "No phone numbers.", dosage: "No dosages.", address: "No addresses." };
const FIFTY = "The river is so calm and the level is low as it is";
const catalog = moderatedCatalog({
  alias: { output: "window" },
  policy: { window: windowsOf(50) },
  policies: { own: { rules: RULES } },
  timing: { keep_alive_ms: 10 },
});

// The pace lets the judge write for a while.
const weir = await startWeir(catalog, { paceMs: 5 });
const { emulation, createUser } = weir;
afterAll(weir.close);
afterEach(weir.report);
beforeEach(emulation.zero);

it("streams verdicts while the judge is writing", async () => {
  const user = await createUser();
  const response = await user.post("/moderate", { input: "emulate-hate emulate-dosage", policy: "own", stream: true });
  expect(response.status).toBe(200);
  const [copy, whole] = response.body?.tee() ?? [];
  await readUntil(copy ?? null, '"phone-number"');
  expect(await emulation.stats()).toMatchObject({ active: 1, streams: 1 });

  const events = readEvents(await new Response(whole).text());
  expect(events.map(({ name }) => name)).toEqual(["category", "rule", "rule", "rule", "done"]);
  const { action, usage } = JSON.parse(events.at(-1)?.data ?? "") as {
    action: string;
    usage: { input: number; output: number };
  };
  expect(action).toBe("block");
  expect(await user.settled()).toEqual({ tokens: usage.input + usage.output, requests: 2, reserved: 0 });
  expect(await emulation.idle()).toMatchObject({ requests: 2, completed: 2 });
});

it("stops provider and classifier when the caller leaves during a verdict", async () => {
  const user = await createUser();
  const control = new AbortController();
  const input = message({ text: `${FIFTY} emulate-moderation-ms-60000${" and on".repeat(500)}`, delay_ms: 5 });
  const response = await user.post("/chat", { model: "o4-mini", input }, { signal: control.signal });
  await readUntil(response.body, "calm");
  await repeatUntil(emulation.stats, ({ active }) => active === 2);
  expect(await user.usage()).toMatchObject({ leases: { running: 1 } });
  control.abort();
  expect(await user.settled()).toMatchObject({ requests: 1, reserved: 0 });
  expect(await emulation.idle()).toMatchObject({ cancelled: 2 });
});
