// Routes whose requests can be lines of a batch. A feature lists them; another one checks the lines.

import type { Call } from "./call.ts";

export interface BatchRoute {
  /** The route in a line, such as /v1/embeddings. */
  url: string;
  /** Reads the body of a line as the route reads its own. Throws 400 for an invalid one. */
  toCall(body: unknown): Pick<Call, "model" | "ways">;
}
