// The Worker's bindings: those of wrangler.toml (typed by `npm run types:write`) and optional ones.

export interface Bindings extends Env {
  /**
   * Optional service binding through which every provider is reached, in place of the network. Development binds
   * the emulated provider here; a deployment can bind an egress Worker of its own.
   */
  UPSTREAM?: Fetcher;
  /** The key to /admin. Without it, /admin refuses everybody. */
  ADMIN_TOKEN?: string;
}
