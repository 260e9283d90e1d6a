// The canary: a stable share of the users that gets a new revision first.

import * as v from "valibot";

/** A canary deployment of a revision. Each new one has a new salt, and so selects other users. */
export const Canary = v.object({
  revision: v.string(),
  percent: v.pipe(v.number(), v.minValue(0), v.maxValue(100)),
  salt: v.string(),
});

export type Canary = v.InferOutput<typeof Canary>;

/** Hash buckets. Their number allows percentages with two decimals. */
const BUCKETS = 10_000;

/** Tests if a user is in the canary, by a hash of salt and user. Sticky without stored state. */
export async function isInCanary(
  { percent, salt }: Pick<Canary, "percent" | "salt">,
  { issuer, subject }: { issuer: string; subject: string },
): Promise<boolean> {
  const text = new TextEncoder().encode(`${salt}\0${issuer}\0${subject}`);
  const hash = new DataView(await crypto.subtle.digest("SHA-256", text)).getUint32(0);
  return hash % BUCKETS < (percent / 100) * BUCKETS;
}
