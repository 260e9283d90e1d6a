// Coalesced text, a slow caller, a silent provider, and an error with usage on POST /chat.

import { beforeEach, expect, it } from "vitest";
import { createCatalog, createCatalogOf, withoutCounter } from "../../../support/catalog.ts";
import { estimateOf, FIVE_TOKENS } from "../../../support/estimate.ts";
import { readEvents } from "../../../support/events.ts";
import { readSaid } from "../../../support/said.ts";
import { expectBackpressure } from "../../../support/backpressure.ts";
import { ask, SLIM, SLIM_RESPONSES } from "../../../support/surface.ts";
import { createUser, emulation, useCatalog } from "../../../support/workerd.ts";

const LONG = { max_output_tokens: 60_000 };

beforeEach(async () => {
  await useCatalog(createCatalogOf(LONG));
  await emulation.zero();
});

it("a fast answer has few events, with all text once and in order", async () => {
  const user = await createUser();
  const { text: expected } = (await (await ask(user, SLIM, { tokens: 3000 }, false)).json()) as { text: string };
  const text = await (await ask(user, SLIM, { tokens: 3000 })).text();
  expect(readSaid(text)).toBe(expected);
  expect(readEvents(text).length).toBeLessThan(300);
  expect(SLIM.failure(text)).toBeUndefined();
});

it("an answer that arrives byte by byte is the same", async () => {
  const user = await createUser();
  const script = { text: "Ein Wehr: 🦫🌊 堰 e\u0301" };
  const text = await (await ask(user, SLIM, { ...script, split: 1 })).text();
  expect(readSaid(text)).toBe(script.text);
  expect((await user.settled()).tokens).toBe(SLIM.tokens(text, true));
});

it("a caller who does not read slows the provider down, and gets everything later", async () => {
  // Without pauses between reads, only the caller can hold the provider up.
  await useCatalog(createCatalogOf(LONG, { coalesce_ms: 0 }));
  await expectBackpressure(SLIM, 12_000);
});

it("a silent stream gets comments, then fails and costs an estimate", async () => {
  // The watchdog can sleep for a second before it sees the silence. The deadline is later even on a busy machine.
  await useCatalog(withoutCounter(createCatalog({ keep_alive_ms: 10, idle_ms: 1800 })));
  const user = await createUser();
  const body = SLIM.body({ tokens: 50, stall_after: 5 }, true);
  const text = await (await user.post(SLIM.path, body)).text();
  const comments = text.split("\n").filter((line) => line.startsWith(":"));
  expect(comments.length).toBeGreaterThan(1);
  expect(new Set(comments)).toEqual(new Set([":"]));
  expect(SLIM.failure(text)).toMatchObject({ code: "provider_timeout" });
  const tokens = estimateOf(SLIM, body, FIVE_TOKENS.bytes);
  expect(await user.settled()).toEqual({ tokens, requests: 1, reserved: 0 });
  expect(await emulation.idle()).toMatchObject({ requests: 1, cancelled: 1 });
});

it("an error in a Responses stream costs the usage that follows it", async () => {
  const script = { tokens: 20, error_after: 15, delay_ms: 1, reasoning: 3 };
  // The same input, without the error.
  const whole = await ask(await createUser(), SLIM_RESPONSES, { ...script, error_after: 25 }, false);
  const { usage } = (await whole.json()) as { usage: { input: number } };
  const user = await createUser();
  const text = await (await ask(user, SLIM_RESPONSES, script)).text();
  expect(SLIM.failure(text)).toMatchObject({ code: "provider_error" });
  expect(await user.settled()).toEqual({ tokens: usage.input + 15 + 3, requests: 1, reserved: 0 });
});
