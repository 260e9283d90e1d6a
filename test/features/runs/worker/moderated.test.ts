// uses: slim-chat, moderation
// A run shows no text that moderation has not released: not live, not at rest, and not to a later reader.

import { evictDurableObject } from "cloudflare:test";
import { beforeEach, expect, it } from "vitest";
import { errorOf, ONLY_REQUESTS } from "../../../support/caller.ts";
import { repeatUntil } from "../../../support/repeat.ts";
import { emulation, useCatalog } from "../../../support/workerd.ts";
import { message, moderatedCatalog, windowsOf } from "../../moderation/support/moderated.ts";
import { countWrites } from "../support/object-faults.ts";
import { closingOf, openReader, saidIn, transcriptOf } from "../support/run-events.ts";
import { chatsAsked, createRunUser, eventsOf, newKey } from "../support/run-user.ts";
import { storageDump, storedEntries, storedText } from "../support/stored-runs.ts";

const RELEASED = "The river is so calm that it is a mirror";
/** As long as one window, whose verdict never comes. */
const UNJUDGED = " emulate-moderation-ms-60000 and a secret";
const VIOLENT = " emulate-violence so that none may see it";

const use = (alias: object) =>
  useCatalog({
    ...moderatedCatalog({ alias, policy: { window: windowsOf(RELEASED.length) } }),
    runs: { flush_ms: 100 },
  });

beforeEach(emulation.zero);

it("a run that is cancelled while a window is judged keeps what was released, and is charged the usage", async () => {
  await use({ output: "window" });
  const user = await createRunUser();
  const key = newKey();
  const body = { model: "o4-mini", input: message({ text: RELEASED + UNJUDGED, reasoning: 0 }) };
  const reader = openReader(await user.start(key, body));
  await reader.until(1);
  await repeatUntil(emulation.stats, ({ by_path: asked }) => asked["/v1/moderations"] === 2);
  const resumed = openReader(await user.resume(key));
  await resumed.until(1);
  expect(await (await user.whole(key)).json()).toMatchObject({ status: "running", events: 1 });
  await repeatUntil(
    () => storedText(user, key),
    (text) => text !== "",
  );
  expect(await storedText(user, key)).toBe(RELEASED);

  const cancelled: unknown = await (await user.cancel(key)).json();
  const events = await reader.rest();
  expect([saidIn(events), closingOf(events)]).toEqual([RELEASED, cancelled]);
  expect(cancelled).toMatchObject({ finish: "cancelled" });
  expect(transcriptOf(await resumed.rest())).toBe(transcriptOf(events));
  expect(await (await user.whole(key)).json()).toMatchObject({ text: RELEASED, finish: "cancelled" });
  await evictDurableObject(user.object());
  expect(transcriptOf(await eventsOf(await user.resume(key)))).toBe(transcriptOf(events));
  expect(await storedText(user, key)).toBe(RELEASED);
  expect(await storageDump(user)).not.toContain("secret");
  const spent = await user.settled();
  expect(spent).toMatchObject({ requests: 1, reserved: 0 });
  // All of the answer was generated, although none of its second half was shown.
  const { input, output } = (await emulation.stats()).billed;
  expect(spent.tokens).toBe(input + output);
});

it("an answer that is blocked on its way has the same text and failure for every reader", async () => {
  await use({ output: "window" });
  const user = await createRunUser();
  const key = newKey();
  const body = { model: "o4-mini", input: message({ text: RELEASED + VIOLENT, delay_ms: 1, reasoning: 0 }) };
  const first = await user.start(key, body);
  const early = await user.resume(key);
  const events = await eventsOf(first);
  expect([saidIn(events), closingOf(events).error?.code]).toEqual([RELEASED, "content_policy_violation"]);
  const spent = await user.settled();
  expect(spent).toMatchObject({ requests: 1, reserved: 0 });
  expect(spent.tokens).toBeGreaterThan(0);
  expect(transcriptOf(await eventsOf(early))).toBe(transcriptOf(events));
  for (let round = 0; round < 2; round++) {
    expect(transcriptOf(await eventsOf(await user.start(key, body)))).toBe(transcriptOf(events));
    const whole = await user.whole(key);
    expect([whole.status, (await errorOf(whole)).code]).toEqual([400, "content_policy_violation"]);
    expect(await storedText(user, key)).toBe(RELEASED);
    await evictDurableObject(user.object());
  }
  expect([await chatsAsked(), await user.settled()]).toEqual([1, spent]);
});

it("an input that is blocked before the provider is asked stores nothing, and frees the key", async () => {
  await use({ input: "before" });
  const user = await createRunUser();
  const key = newKey();
  const writes = await countWrites(user);
  const body = { model: "o4-mini", input: message({ tokens: 3 }, "Tell me of emulate-violence.") };
  const refused = await user.start(key, body);
  expect([refused.status, (await errorOf(refused)).code]).toEqual([400, "content_policy_violation"]);
  expect([await chatsAsked(), await user.settled()]).toEqual([0, ONLY_REQUESTS()]);
  expect([writes(), await storedEntries(user)]).toEqual([{ put: 1, delete: 1, alarm: 1 }, []]);
  const allowed = await user.start(key, { model: "o4-mini", input: message({ tokens: 3 }, "Tell me of rivers.") });
  expect(closingOf(await eventsOf(allowed))).toMatchObject({ finish: "stop" });
});
