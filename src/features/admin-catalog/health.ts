// Adds the number of notices to GET /healthz, so that a monitor can tell the operator to look at them.

import type { Bindings } from "../../core/env.ts";
import { publisherOf } from "./publisher-client.ts";

const REMEMBERED_MS = 10_000;
const LONGEST_WAIT_MS = 1000;

let counted: { notices: number | null; at: number } | undefined;

/** `notices`: how many there are; null before the first daily check, and when the publisher does not answer. */
export async function noticesHealth(env: Bindings, now: number): Promise<{ notices: number | null }> {
  if (counted && now - counted.at < REMEMBERED_MS) return { notices: counted.notices };
  const asked = publisherOf(env, (publisher) => publisher.notices()).catch(() => undefined);
  const stored = await Promise.race([asked, scheduler.wait(LONGEST_WAIT_MS)]);
  counted = { notices: stored?.notices.length ?? null, at: now };
  return { notices: counted.notices };
}
