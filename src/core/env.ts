// The Worker's bindings: those in wrangler.toml (typed by `npm run types:write`), and optional ones.

export interface Bindings extends Env {
  /**
   * Optional service binding that replaces the network for all provider calls. Development binds the emulated provider
   * here; a deployment can bind its own egress Worker.
   */
  UPSTREAM?: Fetcher;
  /** The token for /admin. Without it, /admin refuses every request. */
  ADMIN_TOKEN?: string;
}
