// Reading of request bodies: bounded in size and time, and only for callers who are authenticated.

import type { Arrival } from "./body-slots.ts";
import { beginArrival, enterSlot } from "./body-slots.ts";
import { apiError } from "../errors.ts";
import { readAtMost } from "./read-at-most.ts";

/** Large enough for a photo as a data URL. */
const MAX_MEGABYTES = 4;
/** Time for the whole body: a photo over a slow mobile network. */
const READ_MS = 60_000;

/** OpenAI's limit of an audio file, and room for the other fields. */
const MAX_UPLOAD_MEGABYTES = 26;
/** A recording over a slow mobile network. */
const UPLOAD_MS = 300_000;
/** JSON takes six times its size in memory when it is parsed. An upload stays as it is, beside one copy in transit. */
const UPLOAD_SHARE = 1 / 3;

/** A body that has arrived waits for memory, at most this long. */
const WAIT_MS = 30_000;

const readings = new WeakMap<Request, Promise<Uint8Array<ArrayBuffer>>>();
/** Functions that free the slots of large bodies. */
const slotReleases = new WeakMap<Request, () => void>();
const arrivals = new WeakMap<Request, Arrival>();

/**
 * Starts to read a body before a route asks for it. The result goes to `takeBody`. Must not be called before the caller
 * is authenticated, because it holds the body in memory.
 */
export function startReading(request: Request): void {
  const reading = readBytes(request, READ_MS);
  // A route that does not read the body leaves this rejection unhandled.
  reading.catch(() => undefined);
  readings.set(request, reading);
}

/**
 * Returns the bytes of a body, once. Throws 415 for a compressed body, 413 for one of more than 4 MB, 408 for one that
 * does not arrive in time, and 503 when there is no memory. A large body waits for memory: `releaseBody` must follow.
 */
export async function takeBody(request: Request, timeoutMs = READ_MS): Promise<Uint8Array<ArrayBuffer>> {
  const reading = readings.get(request) ?? readBytes(request, timeoutMs);
  readings.delete(request);
  const bytes = await reading;
  slotReleases.set(request, await enterSlot(bytes.length));
  arrivals.get(request)?.end();
  return bytes;
}

/** Frees the slot of a body. Called when the answer starts; repeated calls have no effect. */
export function releaseBody(request: Request): void {
  slotReleases.get(request)?.();
  arrivals.get(request)?.end();
}

/**
 * Returns the bytes of an upload, once: a body of up to 26 MB that is passed on and never parsed as JSON. Throws 415,
 * 413, 408 and 503 as `takeBody` does.
 */
export async function takeUpload(request: Request): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = await readBytes(request, UPLOAD_MS, MAX_UPLOAD_MEGABYTES);
  slotReleases.set(request, await enterSlot(bytes.length * UPLOAD_SHARE));
  arrivals.get(request)?.end();
  return bytes;
}

async function readBytes(
  request: Request,
  timeoutMs: number,
  maxMegabytes = MAX_MEGABYTES,
): Promise<Uint8Array<ArrayBuffer>> {
  const { headers, body } = request;
  requireUncompressed(headers);
  const declaredBytes = Number(headers.get("content-length"));
  const maxBytes = maxMegabytes * 1024 * 1024;
  if (declaredBytes > maxBytes) throw tooLarge(maxMegabytes);
  const arrival = beginArrival(timeoutMs + WAIT_MS);
  arrivals.set(request, arrival);
  try {
    const { bytes, isWhole } = await readAtMost(body, maxBytes, {
      expectedBytes: Number.isSafeInteger(declaredBytes) && declaredBytes > 0 ? declaredBytes : Infinity,
      timeout: { ms: timeoutMs, error: () => tooSlow(timeoutMs) },
      onGrowth: (bytes) => arrival.add(bytes),
    });
    if (!isWhole) throw tooLarge(maxMegabytes);
    return bytes;
  } catch (error) {
    arrival.end();
    throw error;
  }
}

/** Throws 415 for a compressed body. */
export function requireUncompressed(headers: Headers): void {
  const encoding = headers.get("content-encoding") ?? "identity";
  if (encoding.toLowerCase() === "identity") return;
  const message = "Compressed bodies are not supported. Send the body as it is, without the header content-encoding.";
  throw apiError("unsupported_encoding", message);
}

const tooLarge = (maxMegabytes: number) =>
  apiError("body_too_large", `The body is larger than ${maxMegabytes} MB. Send less, or smaller files.`);

const tooSlow = (timeoutMs: number) =>
  apiError("body_timeout", `The body did not arrive within ${timeoutMs / 1000} s. Please try again.`);
