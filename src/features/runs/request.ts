// The parts of a request that belong to runs: the key, the last event id, and the fingerprint.

import { base64url } from "jose";
import { apiError } from "../../core/errors.ts";
import type { SlimRequest } from "../slim-chat/request.ts";

const KEY = /^[\w-]{16,128}$/;
/** No run has as many events as seven digits can count. */
const EVENT_ID = /^\d{1,7}$/;

/** Tests if a text can be the key of a run. */
export const isKey = (text: string): boolean => KEY.test(text);

/**
 * Returns the header `idempotency-key` without its quotes (the IETF draft has them, most clients do not), or undefined
 * when it is absent. Throws 400 `invalid_idempotency_key`.
 */
export function idempotencyKeyOf(headers: Headers): string | undefined {
  const given = headers.get("idempotency-key");
  if (given === null) return undefined;
  const key = given.replace(/^"(.*)"$/, "$1");
  if (isKey(key)) return key;
  const message =
    "'idempotency-key' must be one key of 16 to 128 letters, digits, '-' or '_'. Send a new UUID for each message.";
  throw apiError("invalid_idempotency_key", message);
}

/**
 * Returns the number of the last event that the caller has received, 0 when it names none. The header takes precedence
 * over `?after=`, because a client that reconnects repeats the URL. Throws 400 `invalid_last_event_id`.
 */
export function lastEventIdOf(headers: Headers, after: string[] = []): number {
  const header = headers.get("last-event-id");
  const given = header === null ? after : [header];
  const [id = "0"] = given;
  if (given.length <= 1 && EVENT_ID.test(id)) return Number(id);
  throw invalidEventId("'last-event-id' or 'after' must be the number of the last event that you have received.");
}

/** Returns the 400 for a last event id that no event of the run has. */
export const unknownEventId = (id: number, count: number) =>
  invalidEventId(`There is no event ${id}: the run has ${count} events. Send the number of the last one you received.`);

/** Returns the 400 for a new run whose caller has already received events. */
export const lostRun = (id: number) =>
  invalidEventId(
    `There is no run with this key, so nothing follows event ${id}. Discard the text, and send the request without 'last-event-id'.`,
  );

const invalidEventId = (message: string) => apiError("invalid_last_event_id", message);

/**
 * Returns the SHA-256 of a run's key and its validated request without `stream`, in base64url. The order of JSON keys
 * has no effect: Swift's JSONEncoder changes it at each start of an app. The run's key is not stored, so a reader of
 * the storage cannot test guesses of a request.
 */
export async function fingerprintOf(key: string, slimRequest: SlimRequest): Promise<string> {
  const { stream: _, ...request } = slimRequest;
  const canonical = JSON.stringify(request, (_name, value: unknown) => (isRecord(value) ? sorted(value) : value));
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(`${key}\0${canonical}`));
  return base64url.encode(new Uint8Array(hash));
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const sorted = (record: Record<string, unknown>) =>
  Object.fromEntries(Object.entries(record).toSorted(([one], [other]) => (one < other ? -1 : 1)));
