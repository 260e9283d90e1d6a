// What the Worker is given: bindings from wrangler.toml (typed by `npm run types:write`) and what middleware adds.

import type { User } from "./auth/user.ts";
import type { ServerTiming } from "./server-timing.ts";

export interface Bindings extends Env {
  /**
   * Optional service binding through which every provider is reached, in place of the network. Development binds
   * the emulated provider here; a deployment can bind an egress Worker of its own.
   */
  UPSTREAM?: Fetcher;
  /** "true" lets requests through, unmetered, while the quota cannot be reached: see docs/settlement.md. */
  QUOTA_FAIL_OPEN?: string;
  /** The key to /admin; without it there is no /admin. */
  ADMIN_TOKEN?: string;
}

/** What Hono's context carries once the caller is known. */
export interface AppEnv {
  Bindings: Bindings;
  Variables: { requestId: string; user: User; timing: ServerTiming };
}
