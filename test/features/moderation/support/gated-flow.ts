// uses: slim-chat
// One moderated stream under a fake clock. The test plays the provider, the caller and the judge.

import { apiError } from "../../../../src/core/errors.ts";
import type { Usage } from "../../../../src/core/relay/answer.ts";
import { createDisconnect } from "../../../../src/core/relay/disconnect.ts";
import type { Flow } from "../../../../src/core/relay/pump.ts";
import { readFirst } from "../../../../src/core/relay/pump.ts";
import { createSource } from "../../../../src/core/relay/source.ts";
import { createSink } from "../../../../src/core/relay/sink.ts";
import type { Deadlines, Ending, Refusal } from "../../../../src/core/relay/watchdog.ts";
import { startWatchdog } from "../../../../src/core/relay/watchdog.ts";
import { createGatedCodec, pumpGated } from "../../../../src/features/moderation/gated-stream.ts";
import type { WindowSettings } from "../../../../src/features/moderation/text-windows.ts";
import { createTextWindows } from "../../../../src/features/moderation/text-windows.ts";
import { createCallerSink, createProvider, DEADLINES, LAST_READ_MS } from "../../../core/support/answer-flow.ts";
import { createFakeClock } from "../../../core/support/fake-clock.ts";
import { toUtf8 } from "../../../support/chat-chunks.ts";
import type { GatedForm } from "./gated-forms.ts";

const CHARGED = { input: 1, cached: 0, output: 2, reasoning: 0 };

const SETTINGS: WindowSettings = { min_chars: 1, max_chars: 400, max_ms: 700, overlap_chars: 200 };

export interface GatedFlowOptions {
  settings?: Partial<WindowSettings>;
  deadlines?: Partial<Deadlines>;
  leaveMs?: number;
  /** The caller reads to the end in any case. */
  readsAlways?: boolean;
  /** Gives each verdict after `ms`. Without it, each window waits for `judge`. */
  verdict?: { allows: (window: string) => boolean; ms: () => number };
}

const BLOCKED: Refusal = {
  kind: "blocked",
  error: apiError("content_policy_violation", "The output is not allowed here: violence."),
};

/** A flow that is set up like the relay's. `begin` waits for the first event and then pumps. */
export function createGatedFlow(form: GatedForm, options: GatedFlowOptions = {}) {
  const { settings, deadlines, leaveMs = 0, readsAlways = false, verdict } = options;
  const clock = createFakeClock();
  const provider = createProvider();
  const caller = createCallerSink(() => clock.now());
  const control = new AbortController();
  const { signal } = control;
  let hasStarted = false;
  const keepAlive = () => hasStarted && void sink.write(toUtf8(":\n\n"));
  const watchdog = startWatchdog(clock, { ...DEADLINES, ...deadlines }, control, keepAlive);
  const disconnect = createDisconnect(control, clock, () => leaveMs);
  const windows = createTextWindows({ ...SETTINGS, ...settings });
  const codec = createGatedCodec(form.dialect, form.events, windows, () => clock.now());
  const flow: Flow = {
    source: createSource(provider.body),
    codec,
    watchdog,
    control,
    disconnect,
    grantedOutput: 1_000_000,
  };
  const sink = createSink(caller.writer, disconnect, readsAlways);
  const moderated: string[] = [];
  let open: PromiseWithResolvers<Refusal | undefined> | undefined;
  let ending: Ending | undefined;
  let usage: Usage | undefined;

  const moderate = async (window: string, ended: AbortSignal) => {
    if (open) throw new Error("two windows are moderated at once");
    moderated.push(window);
    open = Promise.withResolvers();
    ended.addEventListener("abort", () => open?.reject(ended.reason), { once: true });
    if (verdict) void clock.wait(verdict.ms(), signal).then(() => say(verdict.allows(window)));
    try {
      return await open.promise;
    } finally {
      open = undefined;
    }
  };
  const say = (allowed: boolean) => open?.resolve(allowed ? undefined : BLOCKED);
  const run = async () => {
    await readFirst(flow, clock);
    hasStarted = true;
    const ended = await pumpGated(flow, sink, clock, { windows, heldChars: () => codec.heldChars, moderate });
    ending = ended;
    usage = codec.progress.usage;
    watchdog.stop();
    if (ended.kind === "finished") await sink.write(codec.conclude({ left: {}, usd: 0 }));
    else if (ended.kind === "cancelled") await sink.write(codec.cancel?.({ left: {}, usd: 0 }) ?? new Uint8Array());
    else if (ended.kind === "blocked") await sink.write(codec.block(ended.error.body, undefined, CHARGED));
    else if ("error" in ended) await sink.write(codec.fail(ended.error.body) ?? new Uint8Array());
  };
  return {
    clock,
    provider,
    caller,
    disconnect,
    codec,
    windows,
    /** Ends the answer, as the caller of a run does. */
    async cancel() {
      control.abort({ kind: "cancelled" } satisfies Ending);
      await clock.advance(LAST_READ_MS);
    },
    /** All windows that moderation received. */
    moderated,
    /** Gives the verdict on the open window. */
    async giveVerdict(allowed: boolean) {
      say(allowed);
      await clock.idle();
    },
    /** Makes moderation fail on the open window. */
    async failModeration() {
      open?.reject(new Error("secret"));
      await clock.idle();
    },
    /** Starts, and runs as far as possible without time passing. */
    async begin() {
      void run();
      await clock.idle();
    },
    /** The ending; undefined until then. */
    ending: () => ending,
    /** The usage that was known at the ending. */
    usage: () => usage,
    shown: () => form.shown(caller.text()),
  };
}

/** A flow whose provider has sent its first events and these texts, and then these events. */
export async function startedFlow(
  form: GatedForm,
  texts: string[],
  events: string[] = [],
  options: GatedFlowOptions = {},
) {
  const flow = createGatedFlow(form, options);
  flow.provider.send(...form.begin, ...form.say(texts));
  await flow.begin();
  if (events.length > 0) flow.provider.send(...events);
  await flow.clock.idle();
  return flow;
}
