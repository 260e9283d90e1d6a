// An answer that is judged on its way: what was read waits, event by event, until the window that holds its text has been
// judged. A codec of its own in front of the one that writes, and a pump that waits for verdicts, too.

import type { ApiError } from "../../core/errors.ts";
import { toApiError } from "../../core/errors.ts";
import type { TextWindows } from "./windows.ts";
import type { Dialect } from "../../core/relay/answer.ts";
import { emptyProgress, note } from "../../core/relay/answer.ts";
import type { Codec } from "../../core/relay/codec.ts";
import { createEventReader } from "../../core/relay/events.ts";
import type { Flow } from "../../core/relay/pump.ts";
import { endingOf, faultOf, readLast, readOnce } from "../../core/relay/pump.ts";
import type { Sink } from "../../core/relay/sink.ts";
import type { Clock, Ending } from "../../core/relay/watchdog.ts";

/** Characters of events that wait for verdicts, of which a chat has some 330 a token; the provider is held up after that. */
const MOST_WAITING_CHARS = 4_194_304;

/** A caller who reads nothing for so long after a block is not told of it. */
const TOLD_WITHIN_MS = 10_000;

const encoder = new TextEncoder();

export type Refusal = Extract<Ending, { error: ApiError }>;

/** How an answer is judged. */
export interface OutputGate {
  windows: TextWindows;
  /** Characters of the events that wait for a verdict. */
  waiting: () => number;
  /** Gives how the answer ends when this may not be said, or could not be judged. */
  judge: (text: string) => Promise<Refusal | undefined>;
}

export interface GatedCodec extends Codec {
  /** Characters of the events that it holds. */
  readonly waiting: number;
}

/** Gives `plain` each event once all text up to its end has been released. Its progress is of all that was read. */
export function createGatedCodec(
  plain: Codec,
  { dialect, words }: { dialect: Dialect; words: (data: string) => string },
  windows: TextWindows,
  now: () => number,
): GatedCodec {
  const read = createEventReader();
  const progress = emptyProgress();
  const held: { raw: string; at: number }[] = [];
  let waiting = 0;
  /** The data of the first event. */
  let began: string | undefined;

  return {
    progress,
    get waiting() {
      return waiting;
    },
    pace: "at once",
    push(bytes) {
      for (const { raw, data } of read(bytes)) {
        if (progress.ended) return;
        if (data !== undefined) {
          began ??= data;
          progress.heard = true;
          for (const piece of dialect(data)) note(progress, piece);
          // What the dialect does not understand is judged, too.
          windows.add(words(data), now());
        }
        held.push({ raw, at: windows.added });
        waiting += raw.length;
        // A refusal is a finish that is told before its text is over.
        if ((progress.finish && progress.finish !== "refusal") || progress.ended) windows.end();
      }
    },
    take() {
      const first = held.findIndex(({ at }) => at > windows.released);
      const taken = held.splice(0, first === -1 ? held.length : first);
      const released = taken.map(({ raw }) => raw).join("");
      waiting -= released.length;
      if (released !== "") plain.push(encoder.encode(released));
      return plain.take();
    },
    finish: () => plain.finish(),
    conclude: (settled) => plain.conclude(settled),
    fail: (error) => plain.fail(error),
    block: (error) => plain.block(error, began),
  };
}

/** Like `pump`, but sends only what has been judged; a bad verdict ends the answer as `blocked`. */
export async function pumpGated(flow: Flow, sink: Sink, clock: Clock, gate: OutputGate): Promise<Ending> {
  const { codec, control, departure, watchdog } = flow;
  const { windows } = gate;
  const { signal } = control;
  const seen: Seen = { isOver: codec.progress.ended };
  // A caller who reads nothing holds a write open for ever; but who is slow is still told of a block.
  const cut = async () => {
    if (seen.refusal) await clock.wait(TOLD_WITHIN_MS, new AbortController().signal);
    sink.cutIfStuck();
  };
  signal.addEventListener("abort", cut, { once: true });
  const aborted = new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
  // What had arrived is read at once, whatever a write waits for.
  const drain = async () => {
    await seen.reading;
    if (!seen.isOver) await readLast(flow).catch(() => undefined);
  };
  const drained = signal.aborted ? drain() : aborted.then(drain);

  while (!signal.aborted) {
    if (seen.isOver) windows.end();
    const text = windows.next(clock.now());
    if (text !== undefined) seen.judging = judgeWindow(gate, text, seen, control);
    const bytes = codec.take();
    if (bytes.length > 0) {
      await sink.write(bytes);
      watchdog.sent();
      // A verdict may have come meanwhile.
      continue;
    }
    if (seen.isOver && !seen.judging && windows.released === windows.added) break;
    if (!seen.isOver && gate.waiting() < MOST_WAITING_CHARS) seen.reading ??= readMore(flow, seen);
    const round = new AbortController();
    const due = windows.dueAt();
    const waits = due === Infinity ? [] : [clock.wait(Math.max(0, due - clock.now()), round.signal)];
    await Promise.race([aborted, ...waits, ...[seen.reading, seen.judging].filter((each) => each !== undefined)]);
    round.abort();
  }
  if (signal.aborted) {
    await drained;
    return signal.reason as Ending;
  }
  const fault = faultOf(codec);
  void flow.source.cancel().catch(() => undefined);
  return departure.gone ? { kind: "left" } : endingOf(codec, seen.cause ?? fault);
}

/** What goes on beside the sending. */
interface Seen {
  reading?: Promise<void> | undefined;
  judging?: Promise<void> | undefined;
  /** The provider has said all. */
  isOver: boolean;
  cause?: unknown;
  refusal?: Refusal | undefined;
}

async function readMore(flow: Flow, seen: Seen): Promise<void> {
  try {
    seen.isOver = (await readOnce(flow)) === 0 || flow.codec.progress.ended;
  } catch (error) {
    seen.cause = error;
    seen.isOver = true;
  }
  seen.reading = undefined;
}

async function judgeWindow(
  { windows, judge }: OutputGate,
  text: string,
  seen: Seen,
  control: AbortController,
): Promise<void> {
  // Once the flow has ended from outside, that is its ending.
  const refusal = await judge(text).catch((error: unknown): Refusal => ({ kind: "failed", error: toApiError(error) }));
  windows.judged(refusal === undefined);
  seen.judging = undefined;
  if (!refusal || control.signal.aborted) return;
  seen.refusal = refusal;
  control.abort(refusal);
}
