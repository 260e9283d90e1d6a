// The bill of one request: the tokens that a real provider would charge for the work that it has done by now.
import type { Script } from "./script.ts";

/** The work of one answer, known when it begins. */
export interface Work {
  model: string;
  promptTokens: number;
  /** Seconds of audio, where the model is priced by time. */
  seconds?: number;
  reasoning: number;
  /** Visible tokens. */
  tokens: number;
  /** The answer is not streamed: without pauses, all its tokens exist at once. */
  isWhole: boolean;
  /** Characters of the input, where the model is priced by them. */
  characters?: number;
  /** The work goes on after its request, as in the background. */
  outlivesRequest?: boolean;
  script: Script;
}

export interface BilledRequest {
  path: string;
  /** Null when no answer has begun, as for a refused request, a count or a classification. */
  model: string | null;
  input: number;
  /** Output tokens, with reasoning. */
  output: number;
  /** Present where the model is priced by time. */
  seconds?: number;
  /** Present where the model is priced by characters. */
  characters?: number;
  /** Present for a line of a batch, which has the prices of batches. */
  batch?: true;
}

/** How a request ended. `refused`: with an error status, which costs nothing. */
export type BillEnd = "completed" | "cancelled" | "failed" | "refused";

/** Counts output by the clock and by the tokens that were sent. All input is billed when the work begins. */
export class Bill {
  /** The name that its request has in the book. */
  readonly name: string | undefined;
  readonly #path: string;
  readonly #isLine: boolean;
  #work: Work | undefined;
  #startedAt = 0;
  #sent = 0;
  /** The output of an ended request. */
  #final: number | undefined;

  constructor(path: string, name: string | undefined, isLine = false) {
    this.#path = path;
    this.#isLine = isLine;
    this.name = name;
  }

  /** True when the bill cannot change any more. */
  get isFinal(): boolean {
    return this.#final !== undefined;
  }

  /** The provider begins to work at `now` (epoch ms). */
  begin(work: Work, now: number): void {
    this.#work = work;
    this.#startedAt = now;
  }

  /** Counts visible tokens that were sent. */
  countSent(tokens: number): void {
    this.#sent += tokens;
  }

  /** The request has ended. Only the first call counts, and none for work that outlives its request. */
  end(how: BillEnd, now: number): void {
    if (this.isFinal || (this.#work?.outlivesRequest && how !== "refused")) return;
    // An error before the first token is the provider's own.
    if (how === "refused" || (how === "failed" && this.#sent === 0)) this.#work = undefined;
    const goesOn = how === "cancelled" && this.#work?.script.goes_on;
    this.#final = how === "completed" || goesOn ? this.#whole() : this.#outputAt(now);
  }

  /** Ends work that outlives its request. */
  stop(now: number): void {
    this.#final ??= this.#outputAt(now);
  }

  /** Returns the cost of the work until `now` (epoch ms). */
  read(now: number): BilledRequest {
    const { model = null, promptTokens = 0, seconds, characters } = this.#work ?? {};
    const output = this.#final ?? this.#outputAt(now);
    const units = {
      ...(seconds !== undefined && { seconds }),
      ...(characters !== undefined && { characters }),
      ...(this.#isLine && { batch: true as const }),
    };
    return { path: this.#path, model, input: promptTokens, output, ...units };
  }

  #whole(): number {
    return this.#work ? this.#work.reasoning + this.#work.tokens : 0;
  }

  /** Reasoning grows evenly in the time before the first token. Text follows at the pace of the script. */
  #outputAt(now: number): number {
    if (!this.#work) return 0;
    const { reasoning, tokens, script } = this.#work;
    const thinkingMs = (script.first_ms ?? 0) + (script.think_ms ?? 0);
    const elapsedMs = now - this.#startedAt;
    if (this.#sent === 0 && elapsedMs < thinkingMs) return Math.floor((reasoning * elapsedMs) / thinkingMs);
    return reasoning + Math.min(tokens, Math.max(this.#sent, this.#textAfter(elapsedMs - thinkingMs)));
  }

  #textAfter(elapsedMs: number): number {
    if (!this.#work) return 0;
    const { tokens, isWhole, outlivesRequest, script } = this.#work;
    const { delay_ms: delayMs = 0, cut_after = tokens, error_after = tokens, stall_after = tokens } = script;
    // A stream without pauses has generated what was read: its reader sets the pace.
    const unpaced = isWhole || outlivesRequest ? Infinity : 0;
    const due = delayMs > 0 ? Math.floor(elapsedMs / delayMs) + 1 : unpaced;
    return Math.min(tokens, cut_after, error_after, stall_after, due);
  }
}
