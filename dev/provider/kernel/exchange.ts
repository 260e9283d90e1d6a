// Counts what happens to each request, and keeps the totals of all requests.
// The totals live in the isolate. An open exchange keeps counting on the totals that it began with, so that they can be
// reset at any time.

export type Outcome = "completed" | "cancelled" | "failed";

export interface Totals extends Record<Outcome, number> {
  requests: number;
  streams: number;
  active: number;
  bytes_in: number;
  bytes_out: number;
  tokens_out: number;
  /** Requests by route pattern. */
  by_path: Record<string, number>;
}

interface ReceivedRequest {
  method: string;
  path: string;
  headers: Record<string, string>;
  body: ArrayBuffer;
}

let totals = emptyTotals();
let last: ReceivedRequest | undefined;

/** One request. The equation `requests = active + completed + cancelled + failed` holds after every call. */
export class Exchange {
  /** True when the body is streamed. The stream then calls `end`. */
  isStreamed = false;
  readonly #totals = totals;
  readonly #caller = new AbortController();
  #ended = false;

  /** `route` is the pattern that matched the request, for the totals. */
  constructor(request: Request, route: string, body: ArrayBuffer) {
    const path = new URL(request.url).pathname;
    const headers = Object.fromEntries(request.headers);
    if (headers["authorization"] !== undefined) headers["authorization"] = "(left out)";
    last = { method: request.method, path, headers, body };
    this.#totals.requests++;
    this.#totals.active++;
    this.#totals.bytes_in += body.byteLength;
    this.#totals.by_path[route] = (this.#totals.by_path[route] ?? 0) + 1;
    if (request.signal.aborted) this.cancel();
    else request.signal.addEventListener("abort", () => this.cancel(), { once: true });
  }

  /** Aborts as soon as the caller has left. */
  get signal(): AbortSignal {
    return this.#caller.signal;
  }

  get isOver(): boolean {
    return this.#ended;
  }

  /** Counts an answer that is sent as server-sent events. */
  countStream(): void {
    this.#totals.streams++;
  }

  /** Counts bytes that the caller received. */
  countBytes(bytes: number): void {
    this.#totals.bytes_out += bytes;
  }

  /** Counts visible output tokens that the caller received. */
  countTokens(tokens: number): void {
    this.#totals.tokens_out += tokens;
  }

  /** Ends the exchange because the caller has left. */
  cancel(): void {
    if (this.#ended) return;
    this.end("cancelled");
    this.#caller.abort();
  }

  /** Ends the exchange. Only the first call counts. */
  end(outcome: Outcome): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#totals.active--;
    this.#totals[outcome]++;
  }
}

/** The totals and the last request. Its body is parsed when it is JSON. */
export function readTotals(): Totals & { last: unknown } {
  if (last === undefined) return { ...totals, last: null };
  return { ...totals, last: { ...last, body: parseBody(new TextDecoder().decode(last.body)) } };
}

/** Resets all totals and forgets the last request. */
export function resetTotals(): void {
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

function parseBody(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text === "" ? null : text;
  }
}
