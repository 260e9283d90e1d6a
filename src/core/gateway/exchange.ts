// An exchange: one request to a provider. `ask` is what is sent, `reply` is how the answer is read.

import type { Endpoint } from "../catalog/endpoints.ts";
import type { Model } from "../catalog/resolve.ts";
import type { Catalog } from "../catalog/schema.ts";
import type { Need } from "../catalog/support.ts";
import type { Demand } from "../quota/bound.ts";
import type { Progress, Usage } from "../relay/answer.ts";
import type { Codec, CreateEventCodec, Settled } from "../relay/codec.ts";
import type { Dialect } from "../relay/dialect.ts";

export interface Exchange {
  ask: Ask;
  reply: Reply;
}

/** What moderation reads: a text, and images by their URLs. */
export interface Subject {
  text: string;
  images: string[];
  /** A field with content that moderation cannot read, so that it is refused where the input is moderated. */
  unreadable?: string;
}

export interface Ask {
  endpoint: Endpoint;
  /** Where it is sent, when that is not the endpoint's own route. */
  path?: string;
  /** What the model's card must support. */
  needs: Need[];
  demand: Demand;
  /** What the caller says. Undefined only when the answer is for Weir itself, or says nothing: it is not moderated. */
  subject: Subject | undefined;
  /** The body for the provider. Called once for each attempt. */
  write(grant: Grant): OutgoingBody;
  /** The body that asks the provider for the exact count of the input's tokens, where there is one. */
  count?: () => string | undefined;
  /** What goes on at the provider: the `answer` is stored after its end, or work goes on after the `request`. */
  outlives?: "answer" | "request" | undefined;
  /** Maps a field of what is sent, in a provider's error, to the caller's name for it; null where it has none. */
  callerField?: (param: string) => string | null;
  /** The catalog chose the model and not the caller, so the plan need not include it. */
  chosenByCatalog?: boolean;
  /** The body can be read only once, so the request is never sent again. */
  readOnce?: boolean;
}

/** What a request was granted. */
export interface Grant {
  /** For each choice. */
  maxOutputTokens: number;
}

export interface OutgoingBody {
  body: BodyInit;
  headers: Record<string, string>;
}

export type Reply = StreamReply | JsonReply | BytesReply;

/** An answer in server-sent events. */
export interface StreamReply {
  kind: "stream";
  dialect: Dialect;
  /** Writes the events for the caller. */
  events: CreateEventCodec;
  /** Passes the bytes with less work than event by event, where nothing moderates the answer. */
  passThrough?(): Codec;
}

/** An answer in one piece of JSON, which is read before it is passed on. */
export interface JsonReply {
  kind: "json";
  /** Throws `provider_error` when the text is not what the endpoint answers with. */
  read: (text: string) => WholeAnswer;
}

/** An answer that passes through unread and is never held whole. Moderation does not read it. */
export interface BytesReply {
  kind: "bytes";
  /** Reads the usage from the last 4 KiB of the answer, as text. */
  usageIn: (tail: string) => Usage | undefined;
}

export interface WholeAnswer {
  progress: Progress;
  /** All text in the answer: what moderation reads. */
  words: () => string;
  /** The text for the caller, once the request is settled. */
  conclude(settled: Settled): string;
  /** The work goes on at the provider: the lease stays, and whoever asks for the answer after its end settles it. */
  settlesLater?: boolean;
}

/** A dialect in which a request can be asked. */
export interface Way {
  endpoint: Endpoint;
  /** The request for a model. Throws 400 for what no model could do. */
  prepare(model: Model, catalog: Catalog): Exchange;
}

/** A JSON text as the body for a provider. */
export const jsonBody = (text: string): OutgoingBody => ({
  body: text,
  headers: { "content-type": "application/json" },
});
