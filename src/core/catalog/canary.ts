// Who tries a revision before everybody gets it: a share of the users, always the same ones while the share grows.

import * as v from "valibot";

/** The trial of a revision. A new trial has a new salt, and with it other users. */
export const Canary = v.object({
  revision: v.string(),
  percent: v.pipe(v.number(), v.minValue(0), v.maxValue(100)),
  salt: v.string(),
});

export type Canary = v.InferOutput<typeof Canary>;

/** Users fall into that many parts, so that a percentage can have two decimals. */
const PARTS = 10_000;

/** Whether a user belongs to the share: by a hash of who it is, so that nothing needs to be stored. */
export async function isInCanary(
  { percent, salt }: Pick<Canary, "percent" | "salt">,
  { issuer, subject }: { issuer: string; subject: string },
): Promise<boolean> {
  const text = new TextEncoder().encode(`${salt}\0${issuer}\0${subject}`);
  const hash = new DataView(await crypto.subtle.digest("SHA-256", text)).getUint32(0);
  return hash % PARTS < (percent / 100) * PARTS;
}
