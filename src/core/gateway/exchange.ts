// An exchange: one request to a provider. `ask` writes the request, `reply` reads the answer.

import type { Endpoint } from "../catalog/endpoints.ts";
import type { Model } from "../catalog/resolve.ts";
import type { Catalog } from "../catalog/schema.ts";
import type { Need } from "../catalog/support.ts";
import type { ApiError } from "../errors.ts";
import type { Demand } from "../quota/bound.ts";
import type { Progress } from "../relay/answer.ts";
import type { Codec, CreateEventCodec, Settled } from "../relay/codec.ts";
import type { Dialect } from "../relay/dialect.ts";

export interface Exchange {
  ask: Ask;
  reply: Reply;
}

/** Content for moderation: text, and images by URL. */
export interface Subject {
  text: string;
  images: string[];
  /** The field of the request that errors name. `input` when absent. */
  param?: string;
  /** A field that moderation cannot read. Such a request is refused when its input is moderated. */
  unreadable?: string;
}

export interface Ask {
  endpoint: Endpoint;
  /** The provider's route, when it differs from the endpoint's own. */
  path?: string;
  /** Capabilities that the model's card must have. */
  needs: Need[];
  /** The reason why the model cannot take the request although it meets the needs, such as a missing fact. */
  refusal?: ApiError | undefined;
  demand: Demand;
  /** The caller's content. Undefined skips moderation: for Weir's own requests and requests without content. */
  subject: Subject | undefined;
  /** The body for the provider. Called once for each attempt. */
  write(grant: Grant): OutgoingBody;
  /** The body of the provider's token counting request, where the endpoint has one. */
  count?: () => string | undefined;
  /** What remains at the provider: the stored `answer`, or unfinished `work`. */
  remains?: "answer" | "work" | undefined;
  /** Maps the `param` of a provider's error to the caller's field name; null when the caller has no such field. */
  callerField?: (param: string) => string | null;
  /** The catalog chose the model, not the caller, so the plan need not include it. */
  chosenByCatalog?: boolean;
  /** A total deadline that is shorter than the catalog's `timing.total_ms`. */
  maxMs?: number;
  /** Headers of the answer that tell the caller how the request was changed. */
  changes?: Record<string, string>;
}

/** The limits that a reservation granted to a request. */
export interface Grant {
  /** Output tokens for each choice. */
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
  /** A cheaper codec that need not decode every event. Used when the answer is not moderated. */
  passThrough?(): Codec;
}

/** A JSON answer that is buffered and parsed before it is sent. */
export interface JsonReply {
  kind: "json";
  /** Throws `provider_error` when the text is not a valid answer of the endpoint. */
  read: (text: string) => WholeAnswer;
}

/** An answer without text to moderate, such as images and audio. It is never held whole. */
export interface BytesReply {
  kind: "bytes";
  /** The provider answers in server-sent events. */
  readsEvents?: boolean;
  /** The content type for the caller. Absent: that of the provider. */
  contentType?: string;
  createCodec(): Codec;
}

export interface WholeAnswer {
  progress: Progress;
  /** All text of the answer, for moderation. */
  allText: () => string;
  /** The response body, written after the request is settled. */
  conclude(settled: Settled): string;
  /** The content type of the body. JSON when absent. */
  contentType?: string;
  /** The provider continues to work: the lease stays, and the request that later fetches the answer settles it. */
  settlesLater?: boolean;
}

/** Tests if the provider answers in server-sent events. */
export const readsEvents = (reply: Reply): boolean =>
  reply.kind === "stream" || (reply.kind === "bytes" && reply.readsEvents === true);

/** A request in one dialect. */
export interface Way {
  endpoint: Endpoint;
  /** Prepares the request for a model. Throws 400 when no model could support it. */
  prepare(model: Model, catalog: Catalog): Exchange;
}

/** Wraps JSON text as the body of a provider request. */
export const jsonBody = (text: string): OutgoingBody => ({
  body: text,
  headers: { "content-type": "application/json" },
});
