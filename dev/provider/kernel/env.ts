// The environment of the emulated provider: its variables and its middleware's context values.
import type { Exchange } from "./exchange.ts";
import type { CallRoute } from "./own-routes.ts";
import type { FindFile } from "./uploaded-files.ts";

export interface Env {
  Bindings: {
    /** The emulation's current date (ISO). Empty or absent means the real clock. */
    NOW?: string;
    /** Milliseconds between tokens of an answer without a script. Absent means no pause. */
    PACE_MS?: string;
    /** The exchange of a line of a batch, which the provider sends to its own routes. */
    LINE_EXCHANGE?: Exchange;
  };
  Variables: {
    exchange: Exchange;
    /** Absent where no feature stores files. */
    findFile?: FindFile;
    callRoute: CallRoute;
  };
}

/** The emulation's current time. Throws when `NOW` is set and is not a date. */
export function now(bindings: Env["Bindings"]): Date {
  const moment = bindings.NOW ? new Date(bindings.NOW) : new Date();
  if (Number.isNaN(moment.getTime())) throw new Error(`NOW is not an ISO date: ${bindings.NOW}`);
  return moment;
}

/** The pause between tokens of an answer without a script, in milliseconds. */
export function paceMs(bindings: Env["Bindings"]): number {
  return Number(bindings.PACE_MS ?? 0);
}
