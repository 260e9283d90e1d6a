// What happens to one request, and the totals of all: who left, who was served, how many bytes and tokens. The totals
// live in the isolate; every exchange keeps counting on the totals it began with, so zeroing them is safe at any time.

export type Outcome = "completed" | "cancelled" | "failed";

export interface Totals extends Record<Outcome, number> {
  requests: number;
  streams: number;
  active: number;
  bytes_in: number;
  bytes_out: number;
  tokens_out: number;
  by_path: Record<string, number>;
}

interface Received {
  method: string;
  path: string;
  headers: Record<string, string>;
  body: ArrayBuffer;
}

let totals = emptyTotals();
let last: Received | undefined;

/** One request on its way: `requests = active + completed + cancelled + failed` holds after every call. */
export class Exchange {
  /** Set by whoever sends the body in pieces, and thereby promises to call `end`. */
  held = false;
  readonly #totals = totals;
  readonly #caller = new AbortController();
  #ended = false;

  constructor(request: Request, body: ArrayBuffer) {
    const path = new URL(request.url).pathname;
    const headers = Object.fromEntries(request.headers);
    if (headers["authorization"] !== undefined) headers["authorization"] = "(left out)";
    last = { method: request.method, path, headers, body };
    this.#totals.requests++;
    this.#totals.active++;
    this.#totals.bytes_in += body.byteLength;
    const route = path.replace(/\/(resp|conv)_[^/]+/, "/:id");
    this.#totals.by_path[route] = (this.#totals.by_path[route] ?? 0) + 1;
    if (request.signal.aborted) this.leave();
    else request.signal.addEventListener("abort", () => this.leave(), { once: true });
  }

  /** Aborted as soon as the caller has left. */
  get left(): AbortSignal {
    return this.#caller.signal;
  }

  /** Whether it has ended, in whatever way. */
  get isOver(): boolean {
    return this.#ended;
  }

  /** Counts an answer that is streamed. */
  startStream(): void {
    this.#totals.streams++;
  }

  /** Counts bytes that were handed to the caller. */
  wrote(bytes: number): void {
    this.#totals.bytes_out += bytes;
  }

  /** Counts visible output tokens that were handed to the caller. */
  produced(tokens: number): void {
    this.#totals.tokens_out += tokens;
  }

  /** The caller has left; later endings change nothing. */
  leave(): void {
    if (this.#ended) return;
    this.end("cancelled");
    this.#caller.abort();
  }

  /** Closes the books of this request. Only the first ending counts. */
  end(outcome: Outcome): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#totals.active--;
    this.#totals[outcome]++;
  }
}

/** The totals, and the last request with its body parsed where it is JSON. */
export function readTotals(): Totals & { last: unknown } {
  if (last === undefined) return { ...totals, last: null };
  return { ...totals, last: { ...last, body: parse(new TextDecoder().decode(last.body)) } };
}

/** Starts counting from nothing. */
export function zeroTotals(): void {
  totals = emptyTotals();
  last = undefined;
}

function emptyTotals(): Totals {
  return {
    requests: 0,
    streams: 0,
    completed: 0,
    cancelled: 0,
    failed: 0,
    bytes_in: 0,
    bytes_out: 0,
    tokens_out: 0,
    active: 0,
    by_path: {},
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text === "" ? null : text;
  }
}
