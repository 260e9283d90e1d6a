// Moderated streams: each event waits until moderation has allowed its text.

import { toApiError } from "../../core/errors.ts";
import type { Piece } from "../../core/relay/answer.ts";
import { applyPiece, emptyProgress, endOverrun, isOverGrant } from "../../core/relay/answer.ts";
import type { Codec, CreateEventCodec, StreamEvent } from "../../core/relay/codec.ts";
import type { Dialect } from "../../core/relay/dialect.ts";
import { createEventDecoder } from "../../core/relay/event-codec.ts";
import type { Flow } from "../../core/relay/pump.ts";
import { endingOf, readChunk, readLast } from "../../core/relay/pump.ts";
import type { Sink } from "../../core/relay/sink.ts";
import type { Clock, Ending, Refusal } from "../../core/relay/watchdog.ts";
import type { TextWindows } from "./text-windows.ts";

/**
 * The limit of held events, in characters (about 330 a token in a chat). Above it, reading from the provider pauses.
 */
const MAX_HELD_CHARS = 4_194_304;

/** The time that a slow caller gets to receive the error of a block. Then the connection is cut. */
const BLOCK_DELIVERY_MS = 10_000;

/** The moderation of one answer. */
export interface OutputGate {
  windows: TextWindows;
  /** Characters of the events that wait for a verdict. */
  heldChars: () => number;
  /**
   * Resolves to the refusal when the text is not allowed or could not be moderated, and to undefined otherwise. Rejects
   * when the signal aborts.
   */
  moderate: (text: string, signal: AbortSignal) => Promise<Refusal | undefined>;
}

export interface GatedCodec extends Codec {
  /** Characters of the events that it holds. */
  readonly heldChars: number;
}

/**
 * Decodes each event once. Passes it to the event codec when all text up to its end has been released. `progress`
 * covers everything that was read, also what is not released yet.
 */
export function createGatedCodec(
  dialect: Dialect,
  createEvents: CreateEventCodec,
  windows: TextWindows,
  now: () => number,
): GatedCodec {
  const progress = emptyProgress();
  const released = emptyProgress();
  const events = createEvents(released);
  const held: { event: StreamEvent; endsAt: number }[] = [];
  let heldChars = 0;
  /** The JSON of the first event. */
  let first: unknown;

  const decoder = createEventDecoder(dialect, progress, (event) => {
    if (event.json !== undefined) {
      first ??= event.json;
      // Text of unknown events is moderated too. `allText` skips events that repeat a part, although they may be its
      // only source: then the text is in the pieces.
      windows.add(dialect.allText(event.json) || textIn(event.pieces), now());
    }
    held.push({ event, endsAt: windows.added });
    heldChars += event.raw.length;
    // The finish `refusal` comes before its text is complete.
    if ((progress.finish && progress.finish !== "refusal") || progress.ended) windows.end();
  });
  return {
    progress,
    get heldChars() {
      return heldChars;
    },
    pace: "at once",
    push: decoder.push,
    take() {
      const waiting = held.findIndex(({ endsAt }) => endsAt > windows.released);
      for (const { event } of held.splice(0, waiting === -1 ? held.length : waiting)) {
        heldChars -= event.raw.length;
        for (const piece of event.pieces) applyPiece(released, piece);
        events.push(event);
      }
      return events.take();
    },
    finish: decoder.flush,
    isOverGrant: (grantedOutput) => isOverGrant(progress, grantedOutput),
    conclude(settled) {
      if (progress.overran) endOverrun(released);
      return events.conclude(settled);
    },
    cancel: (settled) => events.cancel?.(settled),
    fail: (error) => events.fail(error),
    block: (error, _, charged) => events.block(error, first, charged),
  };
}

/** Returns all text of the pieces, with names and arguments of tool calls. */
const textIn = (pieces: Piece[]) =>
  pieces
    .map((piece) => {
      if (piece.kind === "tool") return (piece.name ?? "") + piece.arguments;
      return "text" in piece ? piece.text : "";
    })
    .join("");

/** Pumps a moderated answer and returns how it ended. Only released events are sent; a refusal ends the answer. */
export async function pumpGated(flow: Flow, sink: Sink, clock: Clock, gate: OutputGate): Promise<Ending> {
  const { codec, control, disconnect, watchdog } = flow;
  const { windows } = gate;
  const { signal } = control;
  const work: PendingWork = { isOver: codec.progress.ended };
  // If the caller stops reading, a write waits forever. After a refusal, the caller gets 10 s to receive the error.
  const cut = async () => {
    if (!sink.canStick) return;
    if (work.refusal) await new Promise<void>((resolve) => clock.after(BLOCK_DELIVERY_MS, resolve));
    sink.cutIfStuck();
  };
  signal.addEventListener("abort", () => void cut(), { once: true });
  const aborted = new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
  // Bytes that have already arrived are read at once, even while a write is stuck: they may hold the usage.
  const drain = async () => {
    await work.reading;
    if (!work.isOver) await readLast(flow).catch(() => undefined);
  };
  const drained = signal.aborted ? drain() : aborted.then(drain);

  while (!signal.aborted) {
    if (work.isOver) windows.end();
    const text = windows.next(clock.now());
    // Nothing is sent to a caller who has left. The answer is read on for its usage only.
    if (text !== undefined && disconnect.callerLeft) windows.takeVerdict(true);
    else if (text !== undefined) work.moderating = moderateWindow(gate, text, work, flow);
    const bytes = codec.take();
    if (bytes.length > 0) {
      await sink.write(bytes);
      watchdog.bytesSent();
      // A verdict may have arrived during the write.
      continue;
    }
    if (work.isOver && !work.moderating && windows.released === windows.added) break;
    if (!work.isOver && gate.heldChars() < MAX_HELD_CHARS) work.reading ??= readMore(flow, work);
    const round = new AbortController();
    const due = windows.dueAt();
    const waits = due === Infinity ? [] : [clock.wait(Math.max(0, due - clock.now()), round.signal)];
    watchdog.verdictAwaited(work.moderating !== undefined);
    await Promise.race([aborted, ...waits, ...[work.reading, work.moderating].filter((each) => each !== undefined)]);
    watchdog.verdictAwaited(false);
    round.abort();
  }
  if (signal.aborted) {
    await drained;
    return signal.reason as Ending;
  }
  void flow.source.cancel().catch(() => undefined);
  return disconnect.callerLeft ? { kind: "left" } : endingOf(codec, work.cause);
}

/** The read and the moderation that run concurrently with the writes. */
interface PendingWork {
  reading?: Promise<void> | undefined;
  moderating?: Promise<void> | undefined;
  /** The provider's answer is complete. */
  isOver: boolean;
  cause?: unknown;
  refusal?: Refusal | undefined;
}

async function readMore(flow: Flow, work: PendingWork): Promise<void> {
  try {
    const bytes = await readChunk(flow);
    if (bytes === 0) flow.codec.finish();
    work.isOver = bytes === 0 || flow.codec.progress.ended;
  } catch (error) {
    work.cause = error;
    work.isOver = true;
  }
  work.reading = undefined;
}

async function moderateWindow(
  { windows, moderate }: OutputGate,
  text: string,
  work: PendingWork,
  { control, disconnect }: Flow,
): Promise<void> {
  // If the flow was aborted meanwhile, the abort decides the ending. A caller who has left needs no verdict.
  const refusal = await moderate(text, AbortSignal.any([control.signal, disconnect.left])).catch((error: unknown) =>
    disconnect.callerLeft ? undefined : ({ kind: "failed", error: toApiError(error) } satisfies Refusal),
  );
  windows.takeVerdict(refusal === undefined);
  work.moderating = undefined;
  if (!refusal || control.signal.aborted) return;
  work.refusal = refusal;
  control.abort(refusal);
}
