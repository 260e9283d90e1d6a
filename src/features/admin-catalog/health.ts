// The count of notices in GET /healthz, for a monitor that alerts the operator.

import type { Bindings } from "../../core/env.ts";
import { callPublisher } from "./publisher-client.ts";

const CACHE_MS = 10_000;
const TIMEOUT_MS = 1000;

let cached: { notices: number | null; at: number } | undefined;

/**
 * Returns the number of notices. It is null before the first daily check, and when the publisher does not answer within
 * a second. The result is cached for 10 s, so that health checks cost few Durable Object calls. Never throws.
 */
export async function noticesHealth(env: Bindings, now: number): Promise<{ notices: number | null }> {
  if (cached && now - cached.at < CACHE_MS) return { notices: cached.notices };
  const reading = callPublisher(env, (publisher) => publisher.notices()).catch(() => undefined);
  const stored = await Promise.race([reading, scheduler.wait(TIMEOUT_MS)]);
  cached = { notices: stored?.notices.length ?? null, at: now };
  return { notices: cached.notices };
}
