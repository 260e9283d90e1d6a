// uses: chat-completions, responses, slim-chat
// One streamed answer that is moderated on its way: provider, caller and judge are played by the test, under its clock.

import { apiError } from "../../../../src/core/errors.ts";
import type { Codec } from "../../../../src/core/relay/codec.ts";
import { createDisconnect } from "../../../../src/core/relay/disconnect.ts";
import type { Refusal } from "../../../../src/features/moderation/gated.ts";
import { createGatedCodec, pumpGated } from "../../../../src/features/moderation/gated.ts";
import type { Flow } from "../../../../src/core/relay/pump.ts";
import { READ_BYTES, readFirst } from "../../../../src/core/relay/pump.ts";
import { createSink } from "../../../../src/core/relay/sink.ts";
import type { Deadlines, Ending } from "../../../../src/core/relay/watchdog.ts";
import { startWatchdog } from "../../../../src/core/relay/watchdog.ts";
import type { WindowSettings } from "../../../../src/features/moderation/windows.ts";
import { createTextWindows } from "../../../../src/features/moderation/windows.ts";
import { createCallerSink, createProvider, DEADLINES } from "../../../core/support/answer-flow.ts";
import { toUtf8 } from "../../../support/chat-chunks.ts";
import { createFakeClock } from "../../../core/support/fake-clock.ts";
import type { GatedForm } from "./gated-forms.ts";

const SETTINGS: WindowSettings = { max_chars: 400, max_ms: 700, overlap_chars: 200 };

export interface GatedFlowOptions {
  settings?: Partial<WindowSettings>;
  deadlines?: Partial<Deadlines>;
  leaveMs?: number;
  lastWords?: string[];
  /** Decides by itself, after so long; without it each window waits for `judge`. */
  verdict?: { allows: (window: string) => boolean; ms: () => number };
}

const refusal = (): Refusal => ({
  kind: "blocked",
  error: apiError("content_policy_violation", "The output is not allowed here: violence."),
});

/** A flow that is set up as the relay does it. `begin` waits for the first event and then pumps. */
export function createGatedFlow(form: GatedForm, options: GatedFlowOptions = {}) {
  const { settings, deadlines, leaveMs = 0, lastWords, verdict } = options;
  const clock = createFakeClock();
  const provider = createProvider(lastWords);
  const caller = createCallerSink(() => clock.now());
  const control = new AbortController();
  const { signal } = control;
  const watchdog = startWatchdog(clock, { ...DEADLINES, ...deadlines }, control);
  const disconnect = createDisconnect(control, clock, leaveMs);
  const windows = createTextWindows({ ...SETTINGS, ...settings });
  const codec = createGatedCodec(form.codec(), form, windows, () => clock.now());
  const source = provider.body.getReader({ mode: "byob" });
  const flow: Flow = { source, buffer: new ArrayBuffer(READ_BYTES), codec, watchdog, control, disconnect };
  const sink = createSink(caller.writer, disconnect);
  const moderated: string[] = [];
  let open: PromiseWithResolvers<Refusal | undefined> | undefined;
  let ending: Ending | undefined;

  const moderate = async (window: string) => {
    if (open) throw new Error("two windows are moderated at once");
    moderated.push(window);
    open = Promise.withResolvers();
    signal.addEventListener("abort", () => open?.reject(signal.reason), { once: true });
    if (verdict) void clock.wait(verdict.ms(), signal).then(() => say(verdict.allows(window)));
    try {
      return await open.promise;
    } finally {
      open = undefined;
    }
  };
  const say = (allowed: boolean) => open?.resolve(allowed ? undefined : refusal());
  const run = async () => {
    await readFirst(flow, clock);
    watchdog.startKeepAlives(() => void sink.write(toUtf8(":\n\n")));
    ending = await pumpGated(flow, sink, clock, { windows, waiting: () => codec.waiting, judge });
    watchdog.stop();
    if (ending.kind !== "left") await sink.write(lastWordsOf(codec, ending));
  };
  return {
    clock,
    provider,
    caller,
    control,
    disconnect,
    codec,
    windows,
    /** Every window that the judge was shown. */
    moderated,
    /** The verdict on the one that is being moderated. */
    async giveVerdict(allowed: boolean) {
      say(allowed);
      await clock.idle();
    },
    /** Starts, and runs as far as it can without time passing. */
    async begin() {
      void run();
      await clock.idle();
    },
    /** How it ended, once it has. */
    ending: () => ending,
    shown: () => form.shown(caller.text()),
  };
}

const SETTLED = { left: {}, usd: 0 };

function lastWordsOf(codec: Codec, ending: Exclude<Ending, { kind: "left" }>): Uint8Array {
  if (ending.kind === "finished") return codec.conclude(SETTLED);
  return ending.kind === "blocked" ? codec.block(ending.error.body) : codec.fail(ending.error.body);
}
