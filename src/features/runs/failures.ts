// The errors of runs.

import { ApiError, apiError, InternalError } from "../../core/errors.ts";
import { toSlimJson } from "../slim-chat/codec.ts";
import type { RunEvent } from "./log.ts";

/** The last event of a run that fails. */
export const failedEvent = ({ body }: ApiError): RunEvent => ({ name: "failed", data: toSlimJson({ error: body }) });

/** The 404 for a run that the caller does not have. Unknown, expired and other users' runs have the same one. */
export const runNotFound = (cause?: unknown) =>
  apiError(
    "not_found",
    "You have no run with this key, or it has expired. Repeat your POST request. After a 409 or 410, make a new key.",
    { cause },
  );

export const keyReused = () =>
  apiError(
    "idempotency_key_reused",
    "This 'idempotency-key' was sent with another request. Send a new key with each message.",
  );

export const runCancelled = () =>
  apiError("run_cancelled", "This run was cancelled before it started. Send a new key to start another one.");

export const runForgotten = () =>
  apiError("run_forgotten", "The answer to this 'idempotency-key' was deleted. Send a new key to start another run.");

export const runInterrupted = (cause?: unknown) =>
  apiError(
    "run_interrupted",
    "The server restarted before the answer was complete. Send a new key to start another run.",
    {
      cause,
    },
  );

export const runTooLarge = () =>
  apiError("run_too_large", "The answer is too large to be read again. Keep the text that you have received.");

export const runsUnavailable = (cause: unknown) =>
  apiError(
    "runs_unavailable",
    "The user's runs could not be reached. Please send the same request again, with unchanged headers.",
    {
      cause,
      headers: { "retry-after": "1" },
    },
  );

const FORBIDDEN = "the plan forbids runs";

/** Refuses a run after its reservation. The Worker then sends a plain chat, and a read of the key is a 404. */
export const planForbidsRuns = () => runNotFound(new InternalError(FORBIDDEN));

/** Tests if an object has refused a run because the user's plan forbids runs. */
export const isForbiddenByPlan = (error: unknown): boolean => error instanceof ApiError && error.cause === FORBIDDEN;
