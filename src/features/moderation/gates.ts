// What of a chat is judged: the caller's input before the answer is promised, and the answer on its way.

import { stricter } from "./catalog.ts";
import type { Exchange } from "../../core/gateway/exchange.ts";
import { apiError, toApiError } from "../../core/errors.ts";
import type { Gatekeeper } from "./gatekeeper.ts";
import { policyOf, refusalOf } from "./gatekeeper.ts";
import type { Codec } from "../../core/relay/codec.ts";
import type { OutputGate } from "./gated.ts";
import { createGatedCodec } from "./gated.ts";
import type { Clock, Ending } from "../../core/relay/watchdog.ts";
import { createTextWindows } from "./windows.ts";

export interface Gates {
  /** Awaited before the provider is asked. */
  ahead: Promise<void>;
  /** Awaited before anything is promised to the caller; rejected, with `control` aborted, when the input is refused. */
  input: Promise<void>;
  /** The codec of a stream, and how it is judged. */
  stream: (exchange: Exchange) => { codec: Codec; gate: OutputGate | undefined };
  /** Throws when a whole answer that says this is refused. */
  requireAllowed: (words: string) => Promise<void>;
}

interface Duty extends Omit<Gatekeeper, "moderation" | "signal"> {
  /** What the plan and the alias say; the stricter counts. */
  moderations: Parameters<typeof stricter>[0];
  /** Done beside the answer. */
  beside: ((signal: AbortSignal) => Promise<void>) | undefined;
  clock: Clock;
}

const OPEN = Promise.resolve();
/** Each image is a call to the classifier. */
const MOST_IMAGES = 32;

/** Opens the gates for a request. What refuses it aborts `control` with the ending. */
export function openGates(
  { moderations, beside, clock, ...duty }: Duty,
  exchange: Exchange,
  control: AbortController,
): Gates {
  const { signal } = control;
  const required = (work: Promise<Ending | undefined>) => {
    const done = requireUnended(work, control);
    // Awaited later, or never, when the provider fails first.
    done.catch(() => undefined);
    return done;
  };
  const besides = beside ? required(beside(signal).then(() => undefined)) : OPEN;
  const moderation = stricter(moderations);
  const isWindowed = moderation.output === "window";
  if (exchange.isOurs || (moderation.input === "off" && !isWindowed)) {
    return { ahead: OPEN, input: besides, stream: openStream, requireAllowed: () => OPEN };
  }
  if (isWindowed) requireJudgeable(exchange);
  const keeper: Gatekeeper = { ...duty, moderation, signal };
  if (moderation.input !== "off" && exchange.subject.images.length > MOST_IMAGES) {
    throw apiError("unsupported_value", `At most ${MOST_IMAGES} images can be judged here.`, { param: "input" });
  }
  const judged = moderation.input === "off" ? OPEN : required(refusalOf(keeper, "input", exchange.subject));
  const input = Promise.all([besides, judged]).then(() => undefined);
  input.catch(() => undefined);
  return {
    // What is kept, or goes on after its request, cannot be taken back.
    ahead: moderation.input === "before" || exchange.outlives ? input : OPEN,
    input,
    stream(asked) {
      if (!isWindowed) return openStream(asked);
      const windows = createTextWindows(policyOf(keeper).window);
      const codec = createGatedCodec(asked.codec(true), asked, windows, () => clock.now());
      const judge = (text: string) => refusalOf(keeper, "output", { text, images: [] });
      return { codec, gate: { windows, waiting: () => codec.waiting, judge } };
    },
    requireAllowed: (words) => (isWindowed ? required(refusalOf(keeper, "output", { text: words, images: [] })) : OPEN),
  };
}

/** Aborts `control` with the ending that some work gives, or fails with. */
async function requireUnended(work: Promise<Ending | undefined>, control: AbortController): Promise<void> {
  const { signal } = control;
  try {
    const ending = await work;
    if (ending) control.abort(ending);
  } catch (thrown) {
    control.abort({ kind: "failed", error: toApiError(thrown) } satisfies Ending);
  }
  signal.throwIfAborted();
}

/** Throws 400 for an answer that could be read in another way than through its windows. */
function requireJudgeable({ demand, needs, outlives }: Exchange): void {
  // What the model might have said instead is in no window.
  const unsaid = needs.find((need) => need.kind === "parameter" && need.name === "top_logprobs");
  if (unsaid) {
    throw apiError(
      "unsupported_value",
      "Answers are judged here, and only what is said: leave 'top_logprobs' out.",
      unsaid,
    );
  }
  if (demand.choices > 1) {
    throw apiError("unsupported_value", "Answers are judged here, one at a time: ask for one.", { param: "n" });
  }
  if (outlives) {
    const message =
      "Answers are judged here before they are seen, so that none is stored. Leave 'store' and 'conversation' out.";
    throw apiError("unsupported_value", message);
  }
}

const openStream = (exchange: Exchange) => ({ codec: exchange.codec(false), gate: undefined });
