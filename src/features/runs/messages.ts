// The messages between the Worker and a `UserRuns` object. During a deployment, their versions can differ.

import type { User } from "../../core/auth/user.ts";
import type { ErrorBody } from "../../core/errors.ts";
import { ApiError } from "../../core/errors.ts";
import { toLogged } from "../../core/log.ts";
import type { SlimRequest } from "../slim-chat/request.ts";

/** A change of these types gets a new number. The object refuses other numbers with 503. */
export const MESSAGE_VERSION = 1;

interface RunMessage {
  v: typeof MESSAGE_VERSION;
  /** The name of the user's objects. */
  name: string;
  key: string;
}

/** `stream`: events. `whole`: one JSON object, at the end. `state`: that object, or at once the number of events. */
export type ReadForm = "stream" | "whole" | "state";

export interface ReadMessage extends RunMessage {
  /** The number of the last event that the caller has received. */
  after: number;
  form: ReadForm;
}

/** Starts a run, or attaches to the one with the same key. */
export interface StartMessage extends ReadMessage {
  fingerprint: string;
  user: User;
  /** The catalog of the caller's request: see catalog-text.ts. */
  catalogText: string;
  revision: string;
  request: SlimRequest;
  requestId: string;
  /** Epoch ms. */
  receivedAt: number;
}

export interface CancelMessage extends RunMessage {
  /** Deletes the content. */
  forget: boolean;
}

/** The reply to a call: a response, or an error. An error that is thrown across a call would lose its class. */
export type RunReply =
  | {
      kind: "response";
      status: number;
      headers: Record<string, string>;
      body: string | ReadableStream<Uint8Array> | null;
    }
  | { kind: "refused"; status: number; body: ErrorBody; headers: Record<string, string>; cause: unknown };

export function toRefusedReply({ status, body, headers, cause }: ApiError): RunReply {
  return { kind: "refused", status, body, headers, cause: toLogged(cause) ?? null };
}

/** Converts a reply to the response. Throws the error of a refused one. */
export function toResponse(reply: RunReply): Response {
  const { status, headers } = reply;
  if (reply.kind === "response") return new Response(reply.body, { status, headers });
  throw new ApiError(status, reply.body, { headers, cause: reply.cause ?? undefined });
}
