// One request in a provider's dialect: how it is written, and how its answer is read. What metered.ts works with.

import type { Model } from "../catalog/resolve.ts";
import type { Catalog } from "../catalog/schema.ts";
import type { Need } from "../catalog/support.ts";
import type { Demand } from "../quota/bound.ts";
import type { Dialect, Progress } from "../relay/answer.ts";
import type { Subject } from "../../dialects/openai/subject.ts";
import type { Codec, Settled } from "../relay/codec.ts";
import type { Endpoint } from "../catalog/endpoints.ts";

export interface Exchange {
  endpoint: Endpoint;
  /** Where it is sent, when that is not the endpoint's own route. */
  path?: string;
  /** What the model's card must support. */
  needs: Need[];
  demand: Demand;
  /** The provider's JSON body, with that many output tokens allowed for each choice. */
  write(maxOutputTokens: number): string;
  /** The body that asks the provider for the exact count of the input's tokens, where there is one. */
  count(): string | undefined;
  /** What there still is at the provider: the `answer` after its end, or work that goes on after the `request`. */
  outlives?: "answer" | "request" | undefined;
  /** What the caller says, as it is judged. */
  subject: Subject;
  /** For an answer that streams; with `gated` one that is pushed whole events, and leaves nothing to the runtime. */
  codec(gated: boolean): Codec;
  /** What the caller calls a field of what is written; the same where absent. */
  fieldOf?: (param: string) => string | null;
  /** How the events of such an answer are read. */
  dialect: Dialect;
  /** All that the data of an event, or a whole answer, says: what is judged. */
  words: (text: string) => string;
  /** The answer is for Weir itself, which makes something else of it. */
  isOurs?: boolean;
  /** The model is a policy's choice and not the caller's, so that no plan need include it. */
  isPolicys?: boolean;
  /** For an answer that comes whole. Throws when the text is not what the endpoint answers with. */
  read(text: string): WholeAnswer;
}

export interface WholeAnswer {
  progress: Progress;
  /** The text that it says. */
  said: string;
  /** The JSON text for the caller of an answer that goes on without one. Whoever asks for it when it has ended settles it. */
  goesOn?: string;
  /** The JSON text for the caller, once the request is settled. */
  conclude(settled: Settled): string;
}

/** A dialect in which a request can be asked. */
export interface Way {
  endpoint: Endpoint;
  /** The request for a model. Throws 400 for what no model could do. */
  prepare(model: Model, catalog: Catalog): Exchange;
}
