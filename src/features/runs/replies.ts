// Replies to the reads of a run: as a stream, as JSON, and the ending that DELETE returns.

import { EVENT_STREAM } from "../../core/gateway/request-state.ts";
import { failedEvent, runTooLarge } from "./failures.ts";
import type { RunEvent, RunLog } from "./log.ts";
import { INTERRUPTED_ID, toFrame } from "./log.ts";
import type { RunReply } from "./messages.ts";
import { RETRY } from "./readers.ts";
import { unknownEventId } from "./request.ts";
import { toWhole } from "./whole-run.ts";

const NOT_CACHED = { "cache-control": "no-cache" };
/** Headers of the first response that every replay repeats. The others were true only for that response. */
const REPLAYED_HEADERS = new Set(["weir-model", "weir-revision", "weir-attempts", "weir-max-output-tokens"]);

type ReplyHeaders = Record<string, string>;

/** Returns the headers of the first response that every replay repeats. */
export const replayedHeaders = (first: Headers): ReplyHeaders =>
  Object.fromEntries([...first].filter(([name]) => REPLAYED_HEADERS.has(name)));

/** A run that has ended, as it is read from storage. */
export interface EndedRun {
  log: RunLog;
  /** The failure that Weir adds to the events of an interrupted run. */
  addedFailure?: RunEvent;
}

export const streamReply = (body: ReadableStream<Uint8Array> | string, headers: ReplyHeaders): RunReply => ({
  kind: "response",
  status: 200,
  headers: { ...headers, ...NOT_CACHED, "content-type": EVENT_STREAM },
  body,
});

export const jsonReply = (body: string, headers: ReplyHeaders, status = 200): RunReply => ({
  kind: "response",
  status,
  headers: { ...headers, ...NOT_CACHED, "content-type": "application/json" },
  body,
});

export const emptyReply = (headers: ReplyHeaders): RunReply => ({
  kind: "response",
  status: 204,
  headers: { ...headers, ...NOT_CACHED },
  body: null,
});

/** The reply to a JSON read of a run that has not ended. */
export const runningReply = ({ count }: RunLog, headers: ReplyHeaders): RunReply =>
  jsonReply(JSON.stringify({ status: "running", events: count }), { ...headers, "retry-after": "1" }, 202);

/** The rest of an ended run as a stream: 204 when the caller has everything. Throws 400 for an id that no event has. */
export function endedStreamReply({ log, addedFailure }: EndedRun, after: number, headers: ReplyHeaders): RunReply {
  const hasAdded = addedFailure !== undefined || log.dropped > 0;
  const isRead = after === INTERRUPTED_ID ? hasAdded : after === log.count && !addedFailure;
  if (isRead) return emptyReply(headers);
  if (after > log.count && !addedFailure) throw unknownEventId(after, log.count);
  let text = RETRY;
  for (let position = after; position < log.count;) {
    const replay = log.after(position);
    if (!replay) return streamReply(text + toFrame(failedEvent(runTooLarge()), INTERRUPTED_ID), headers);
    text += replay.text;
    position = replay.position;
  }
  return streamReply(addedFailure ? text + toFrame(addedFailure, INTERRUPTED_ID) : text, headers);
}

/** An ended run as the object that the request returns without streaming. Throws the run's failure. */
export function endedJsonReply({ log, addedFailure }: EndedRun, headers: ReplyHeaders): RunReply {
  if (log.dropped > 0) throw runTooLarge();
  return jsonReply(toWhole(addedFailure ? [...log.events, addedFailure] : log.events), headers);
}

/** The data of the event that ended a run. */
export const endingReply = ({ log, addedFailure }: EndedRun, headers: ReplyHeaders): RunReply =>
  jsonReply((addedFailure ?? log.ending)?.data ?? "{}", headers);
