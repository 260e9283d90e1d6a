// Checks backpressure: a caller who does not read slows the provider down, and loses nothing.

import { expect } from "vitest";
import type { Stats } from "./emulation.ts";
import { repeatUntil } from "./repeat.ts";
import type { Surface } from "./surface.ts";
import { ask } from "./surface.ts";
import { createUser, emulation } from "./workerd.ts";

/** The totals once the provider has produced nothing more for a while. */
function heldUp(): Promise<Stats> {
  let before = 0;
  let unchanged = 0;
  return repeatUntil(emulation.stats, ({ tokens_out: produced }) => {
    unchanged = produced > 0 && produced === before ? unchanged + 1 : 0;
    before = produced;
    return unchanged === 50;
  });
}

/** `tokens` must be more than all buffers on the way hold. */
export async function expectBackpressure(surface: Surface, tokens: number): Promise<void> {
  const user = await createUser();
  const response = await ask(user, surface, { tokens, reasoning: 0 });
  const { tokens_out: produced, active } = await heldUp();
  expect(active).toBe(1);
  expect(produced).toBeLessThan(tokens / 2);
  const text = await response.text();
  expect(surface.failure(text)).toBeUndefined();
  expect(await emulation.idle()).toMatchObject({ tokens_out: tokens, completed: 1 });
  const spent = await user.settled();
  expect(spent).toMatchObject({ requests: 1, reserved: 0 });
  const counted = surface.tokens(text, true);
  if (Number.isNaN(counted)) expect(spent.tokens).toBeGreaterThan(tokens);
  else expect(spent.tokens).toBe(counted);
}
