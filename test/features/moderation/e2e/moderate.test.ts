// POST /moderate over a socket.

import { afterAll, afterEach, beforeEach, expect, it } from "vitest";
import { readEvents, readUntil } from "../../../support/events.ts";
import { startWeir } from "../../../support/weir.ts";
import { moderatedCatalog } from "../support/moderated.ts";

const RULES = { "phone-number": "No phone numbers.", dosage: "No dosages.", address: "No addresses." };

// The judge takes its time over every token.
const weir = await startWeir(moderatedCatalog({ policies: { own: { rules: RULES } } }), { paceMs: 5 });
const { emulation, createUser } = weir;
afterAll(weir.close);
afterEach(weir.report);
beforeEach(emulation.zero);

it("verdicts come while the judge is still writing, and the answer ends in one", async () => {
  const user = await createUser();
  const input = "emulate-hate emulate-dosage";
  const response = await user.post("/moderate", { input, policy: "own", stream: true });
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
  expect(await user.settled()).toEqual({ tokens: usage.input + usage.output, requests: 1, reserved: 0 });
  expect(await emulation.idle()).toMatchObject({ requests: 2, completed: 2 });
});

it("a text is judged by its categories where a policy has no rules", async () => {
  const user = await createUser();
  const response = await user.post("/moderate", { input: "emulate-violence" });
  expect(await response.json()).toMatchObject({ action: "block", flagged: true });
  expect(await user.settled()).toEqual({ tokens: 0, requests: 1, reserved: 0 });
});
