// The types of what the emulated provider is given: its variables, and what its middleware adds to each request.
import type { Exchange } from "./exchange.ts";

export interface Env {
  Bindings: {
    /** The date that the emulation believes it is (ISO); empty or absent means the real clock. */
    NOW?: string;
    /** Milliseconds between the tokens of an answer that no script paces; absent means full speed. */
    PACE_MS?: string;
  };
  Variables: { exchange: Exchange };
}

/** The moment that the emulation believes it is. Throws when `NOW` is set and is no date. */
export function now(bindings: Env["Bindings"]): Date {
  const moment = bindings.NOW ? new Date(bindings.NOW) : new Date();
  if (Number.isNaN(moment.getTime())) throw new Error(`NOW is not an ISO date: ${bindings.NOW}`);
  return moment;
}
