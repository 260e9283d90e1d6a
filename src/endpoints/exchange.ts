// One request in a provider's dialect: how it is written, and how its answer is read. What metered.ts works with.

import type { Progress } from "../stream/answer.ts";
import type { Codec } from "../stream/codec.ts";
import type { Endpoint } from "./table.ts";

export interface Exchange {
  endpoint: Endpoint;
  /** The provider's JSON body, with that many output tokens allowed for each choice. */
  write(maxOutputTokens: number): string;
  /** For an answer that streams. */
  codec(): Codec;
  /** For an answer that comes whole. Throws when the text is not what the endpoint answers with. */
  read(text: string): WholeAnswer;
}

export interface WholeAnswer {
  progress: Progress;
  /** The JSON text for the caller, once the request is settled. */
  conclude(left: Record<string, number>): string;
}
