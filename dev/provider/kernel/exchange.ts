// Counts what happens to each request, and keeps the totals of all requests.
// The totals live in the isolate. An open exchange keeps counting on the totals that it began with, so that they can be
// reset at any time.

import type { Bill, BilledRequest, Work } from "./bill.ts";
import { type Billed, Book } from "./book.ts";
import { describeForm, parseForm } from "./form.ts";
import type { Script } from "./script.ts";

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

/** What GET /__stats returns. */
export interface Stats extends Totals {
  billed: Billed;
  last: { method: string; path: string; headers: Record<string, string>; body: unknown } | null;
}

interface ReceivedRequest {
  method: string;
  path: string;
  headers: Record<string, string>;
  body: ArrayBuffer;
  /** What the statistics show of a body that was read as a stream. */
  description?: unknown;
}

let totals = emptyTotals();
let book = new Book();
let last: ReceivedRequest | undefined;

/** One request. The equation `requests = active + completed + cancelled + failed` holds after every call. */
export class Exchange {
  /** True when the body is streamed. The stream then calls `end`. */
  isStreamed = false;
  /** True for a line of a batch. */
  readonly isLine: boolean;
  readonly #totals: Totals;
  readonly #book: Book;
  readonly #bill: Bill;
  readonly #received: ReceivedRequest;
  readonly #caller = new AbortController();
  #ended = false;

  /**
   * `route` is the pattern that matched the request, for the totals. The exchange of a batch's line counts nothing until
   * `bookLine`.
   */
  constructor(request: Request, route: string, body: ArrayBuffer, kind: "request" | "line" = "request") {
    const isLine = kind === "line";
    this.#totals = isLine ? emptyTotals() : totals;
    this.#book = isLine ? new Book() : book;
    this.isLine = isLine;
    const path = new URL(request.url).pathname;
    const headers = Object.fromEntries(request.headers);
    if (headers["authorization"] !== undefined) headers["authorization"] = "(left out)";
    this.#received = { method: request.method, path, headers, body };
    if (!isLine) last = this.#received;
    this.#bill = this.#book.open(path, body, isLine);
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

  /** Counts a body that was read as a stream. The statistics show the description in its place. */
  countBody(bytes: number, description: unknown): void {
    this.#totals.bytes_in += bytes;
    this.#received.description = description;
  }

  /** Counts bytes that the caller received. */
  countBytes(bytes: number): void {
    this.#totals.bytes_out += bytes;
  }

  /** Counts visible output tokens that the caller received. */
  countTokens(tokens: number): void {
    this.#totals.tokens_out += tokens;
    this.#bill.countSent(tokens);
  }

  /**
   * The script of this request: without its faults, once `fault_times` requests of the same name have had them. A line
   * of a batch has no pauses, because the clock of the batch decides when it runs.
   */
  withFaults(script: Script): Script {
    if (this.isLine) {
      const { first_ms: _first, think_ms: _think, delay_ms: _delay, stall_after: _endless, ...prompt } = script;
      return prompt;
    }
    if (this.#book.countAttempt(this.#bill) <= (script.fault_times ?? Infinity)) return script;
    const { status: _status, cut_after: _cut, error_after: _error, stall_after: _stall, ...healthy } = script;
    return healthy;
  }

  /** The provider begins to work on an answer. It is billed from now on. */
  beginWork(work: Work): void {
    this.#bill.begin(work, Date.now());
  }

  /** Ends work that outlives its request. */
  stopWork(): void {
    this.#bill.stop(Date.now());
  }

  /** Adds the bill of a batch's line to the provider's book. */
  bookLine(): void {
    book.add(this.#bill);
  }

  /** Ends the exchange because the caller has left. */
  cancel(): void {
    if (this.#ended) return;
    this.end("cancelled");
    this.#caller.abort();
  }

  /** Ends the exchange with an error status, which costs no tokens. */
  refuse(): void {
    this.#bill.end("refused", Date.now());
    this.end("failed");
  }

  /** Ends the exchange. Only the first call counts. */
  end(outcome: Outcome): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#totals.active--;
    this.#totals[outcome]++;
    this.#bill.end(outcome, Date.now());
    this.#book.close(this.#bill);
  }
}

/** The totals, the book, and the last request. Its body is parsed when it is JSON or a form. */
export async function readStats(): Promise<Stats> {
  const billed = book.read(Date.now());
  const now = { ...totals, billed };
  if (last === undefined) return { ...now, last: null };
  const { description, ...request } = last;
  if (description !== undefined) return { ...now, last: { ...request, body: description } };
  const form = await parseForm(request.body, request.headers["content-type"] ?? "");
  const body = form ? describeForm(form) : parseBody(new TextDecoder().decode(request.body));
  return { ...now, last: { ...request, body } };
}

/** The bills of the requests with that name. */
export function readBills(name: string): BilledRequest[] {
  return book.readNamed(name, Date.now());
}

/** Resets all totals and the book, and forgets the last request. */
export function resetStats(): void {
  totals = emptyTotals();
  book = new Book();
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
