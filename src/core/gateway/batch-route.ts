// Routes whose requests can be lines of a batch. A feature lists them; another one checks the lines.

import type { Usage } from "../relay/answer.ts";
import type { Call } from "./call.ts";

export interface BatchRoute {
  /** The route in a line, such as /v1/embeddings. */
  url: string;
  /** Reads the body of a line as the route reads its own. Throws 400 for an invalid one. */
  toCall: (body: unknown) => Pick<Call, "model" | "ways">;
  /** Returns the usage in the body of an answer; undefined when it has none. A free answer has a usage of zero. */
  usageOf: (body: unknown) => Usage | undefined;
}
