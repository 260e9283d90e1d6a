// One live run: reads the answer of the gateway into the log, serves its readers, and stores it from time to time.

import type { ApiError } from "../../core/errors.ts";
import { InternalError, toApiError } from "../../core/errors.ts";
import type { Call, ReservedRequest } from "../../core/gateway/call.ts";
import { metered } from "../../core/gateway/metered.ts";
import { toLogged } from "../../core/log.ts";
import { isAlreadySettled } from "../../core/quota/refusal.ts";
import type { SettledRequest } from "../../core/quota/settlement.ts";
import { createEventReader } from "../../core/relay/events.ts";
import { interruptedError } from "../../core/relay/failure.ts";
import { allowsRuns } from "./catalog.ts";
import { failedEvent, planForbidsRuns } from "./failures.ts";
import type { FlushContext } from "./flusher.ts";
import { createFlusher } from "./flusher.ts";
import type { RunLog } from "./log.ts";
import { createLog, readFrame } from "./log.ts";
import type { Readers } from "./readers.ts";
import { createReaders } from "./readers.ts";

export interface RunStart extends FlushContext {
  call: Call;
  /** The number of the attempt under this key. The earlier ones cost nothing. */
  attempt: number;
}

export interface Run {
  fingerprint: string;
  log: RunLog;
  readers: Readers;
  /** Resolves to the headers when the response starts. Rejects with the refusal. */
  head: Promise<Headers>;
  /** Resolves when the log is complete. Never rejects. */
  ended: Promise<void>;
  /** Resolves when the run is stored or removed, to the next attempt's number. Never rejects. */
  stored: Promise<number>;
  /** Cancels the answer, even before its reservation. */
  cancel(): void;
}

/** The most reservations of one key that may turn out to be settled. After them, the request fails. */
const MAX_SETTLED_ATTEMPTS = 8;

/** Starts a run. The caller must keep the object alive until `stored`. */
export function startRun(start: RunStart): Run {
  const { seal, clock, fingerprint } = start;
  const log = createLog();
  const flusher = createFlusher(start, log);
  const readers = createReaders(log, clock, () => flusher.flushAfterDeparture());
  const head = Promise.withResolvers<Headers>();
  head.promise.catch(() => undefined);
  const ended = Promise.withResolvers<void>();
  let reserved: ReservedRequest | undefined;
  let isCancelled = false;
  let { attempt } = start;
  let leaseKey = "";

  const onReserved = (request: ReservedRequest) => {
    if (!allowsRuns(request.plan, [])) throw planForbidsRuns();
    reserved = request;
    flusher.start(leaseKey, request);
    if (isCancelled) request.cancel();
  };
  const send = async (): Promise<Response> => {
    for (const last = attempt + MAX_SETTLED_ATTEMPTS; ; attempt++) {
      leaseKey = await seal.leaseKey(fingerprint, attempt);
      try {
        return await metered(start.caller, { ...start.call, key: leaseKey, onReserved });
      } catch (error) {
        // An object that was evicted does not know how many attempts were settled.
        if (!isAlreadySettled(error) || attempt === last) throw error;
      }
    }
  };
  const read = async (body: ReadableStream<Uint8Array>) => {
    const events = createEventReader();
    for await (const bytes of body) {
      let hasTool = false;
      for (const { raw, data } of events.read(bytes)) {
        const event = readFrame(raw);
        if (event) log.append(event);
        else if (data === undefined) readers.keepAlive();
        hasTool ||= event?.name === "tool";
      }
      readers.notify();
      if (hasTool) flusher.flush();
    }
    if (!log.ending) throw new InternalError("the answer has no closing event");
  };
  const end = async () => {
    readers.notify();
    ended.resolve();
    // A failure is sent before it is settled. Until then, a restart must find the reservation in storage.
    const settled = await reserved?.settled;
    await flusher.end(settled?.unsettled);
  };
  const answer = async () => {
    let response: Response;
    try {
      response = await send();
    } catch (thrown) {
      await refuse(toApiError(thrown));
      return;
    }
    flusher.setHead(response.headers);
    head.resolve(response.headers);
    try {
      if (!response.body) throw new InternalError("the answer has no body");
      await read(response.body);
    } catch (cause) {
      console.error(JSON.stringify({ event: "run_broken", request: start.caller.requestId, cause: toLogged(cause) }));
      if (!log.ending) log.append(failedEvent(interruptedError(cause)));
    }
    await end();
  };
  /** Frees the key, unless the attempt is charged: then the failure is kept, so that a retry is not charged again. */
  const refuse = async (error: ApiError) => {
    const settled = await reserved?.settled;
    if (settled && isCharged(settled)) {
      log.append(failedEvent(error));
      head.reject(error);
      return end();
    }
    // A reservation whose result was lost is given back later, so the next attempt must not have its key.
    attempt += 1;
    if (reserved) await flusher.remove();
    head.reject(error);
    ended.resolve();
  };
  const stored = answer()
    .catch((error: unknown) => {
      head.reject(toApiError(error));
      ended.resolve();
    })
    .then(() => attempt);
  return {
    fingerprint,
    log,
    readers,
    head: head.promise,
    ended: ended.promise,
    stored,
    cancel() {
      isCancelled = true;
      reserved?.cancel();
    },
  };
}

/** Tests if a failure costs tokens or dollars. A reservation that could not be settled would expire and cost its bound. */
const isCharged = ({ charged, usd, unsettled }: SettledRequest): boolean =>
  unsettled !== undefined || charged.input + charged.output > 0 || usd > 0;
