// Streams an answer frame by frame, with the pace and faults of its script.
// It does not know the content of a frame.
import { concatBytes } from "../../../../src/core/relay/byte-buffers.ts";
import type { Exchange } from "../exchange.ts";
import type { Script } from "../script.ts";
import { pause, waitForever } from "./pause.ts";

/** An answer in frames: the head, one frame for each token, and the tail. */
export interface Frames {
  head: string[];
  tokenCount: number;
  token: (position: number) => string | Uint8Array;
  tail: string[];
  /** The error frames of a stream that fails after that many frames and tokens. */
  failure: (framesSent: number, tokensSent: number) => string;
  /** Called with the last frame. It is not called for a stream that fails, is cut or is cancelled. */
  complete?: () => void;
}

/** Encodes the frames as they are read. The exchange ends with the stream. */
export function createPacedStream(frames: Frames, script: Script, exchange: Exchange): ReadableStream<Uint8Array> {
  exchange.isStreamed = true;
  // No queue, so that a cut comes after exactly the frames that were read.
  return new ReadableStream(new PacedSource(frames, script, exchange), { highWaterMark: 0 });
}

type Controller = ReadableStreamDefaultController<Uint8Array>;

const encoder = new TextEncoder();

// An error discards bytes that are not flushed yet, so a cut waits for the flush.
const FLUSH_MS = 5;

class PacedSource {
  readonly #frames: Frames;
  readonly #script: Script;
  readonly #exchange: Exchange;
  readonly #delayMs: number;
  readonly #thinkMs: number;
  readonly #pieceBytes: number;
  readonly #frameCount: number;
  #position = 0;
  #tokensSent = 0;
  /** Time of the first token. The others are due relative to it, however late they are read. */
  #firstAt = 0;
  /** Time of the end of the head, after which the model thinks. */
  #headAt = 0;
  #rest: Uint8Array = new Uint8Array(0);

  constructor(frames: Frames, script: Script, exchange: Exchange) {
    this.#frames = frames;
    this.#script = script;
    this.#exchange = exchange;
    this.#delayMs = script.delay_ms ?? 0;
    this.#thinkMs = script.think_ms ?? 0;
    this.#pieceBytes = script.split ?? Infinity;
    this.#frameCount = frames.head.length + frames.tokenCount + frames.tail.length;
  }

  pull(controller: Controller): void | Promise<void> {
    if (this.#rest.byteLength > 0 || !this.#mustWait()) return this.#advance(controller);
    return this.#untilDue().then(() => this.#advance(controller));
  }

  /** Waits for the next frame's time, or until the caller leaves. A timer can fire a millisecond early. */
  async #untilDue(): Promise<void> {
    while (this.#mustWait() && (await pause(Math.max(1, this.#dueAt() - Date.now()), this.#exchange.signal)));
  }

  cancel(): void {
    this.#exchange.cancel();
  }

  #advance(controller: Controller): void | Promise<void> {
    if (this.#exchange.signal.aborted) return controller.error(new Error("The caller has left."));
    if (this.#rest.byteLength < this.#pieceBytes) this.#fill();
    if (this.#rest.byteLength === 0) return this.#finish(controller);
    const piece = this.#rest.subarray(0, this.#pieceBytes);
    this.#rest = this.#rest.subarray(piece.byteLength);
    this.#deliver(controller, piece);
  }

  /** Encodes the next frame. With `split` it encodes as many due frames as one piece needs. */
  #fill(): void {
    while (this.#frameIsDue() && this.#rest.byteLength < this.#pieceBytes) {
      const frame = this.#nextFrame();
      const fresh = typeof frame === "string" ? encoder.encode(frame) : frame;
      this.#rest = this.#rest.byteLength === 0 ? fresh : concatBytes([this.#rest, fresh]);
      if (this.#pieceBytes === Infinity) break;
    }
  }

  #nextFrame(): string | Uint8Array {
    const { head, token, tokenCount, tail, complete } = this.#frames;
    const position = this.#position++;
    if (this.#position === this.#frameCount) complete?.();
    if (this.#position === head.length) this.#headAt = Date.now();
    if (position < head.length) return head[position] ?? "";
    if (position >= head.length + tokenCount) return tail[position - head.length - tokenCount] ?? "";
    if (this.#tokensSent++ === 0) this.#firstAt = Date.now();
    this.#exchange.countTokens(1);
    return token(position - head.length);
  }

  #frameIsDue(): boolean {
    return this.#position < this.#frameCount && !this.#mustWait() && !this.#mustFail();
  }

  #mustWait(): boolean {
    const { head, tokenCount } = this.#frames;
    const isThinking = this.#thinkMs > 0 && this.#position === head.length;
    const isWriting = this.#delayMs > 0 && this.#tokensSent > 0 && this.#tokensSent < tokenCount;
    return (isThinking || isWriting) && Date.now() < this.#dueAt() && !this.#mustFail();
  }

  #dueAt(): number {
    if (this.#position === this.#frames.head.length) return this.#headAt + this.#thinkMs;
    return this.#firstAt + this.#tokensSent * this.#delayMs;
  }

  #mustFail(): boolean {
    const { cut_after: cutAfter, error_after: errorAfter, stall_after: stallAfter } = this.#script;
    return this.#tokensSent === cutAfter || this.#tokensSent === errorAfter || this.#tokensSent === stallAfter;
  }

  async #stall(controller: Controller): Promise<void> {
    await waitForever(this.#exchange.signal);
    controller.error(new Error("The caller has left."));
  }

  async #cut(controller: Controller): Promise<void> {
    await pause(FLUSH_MS, this.#exchange.signal);
    this.#exchange.end("failed");
    controller.error(new Error("The script cut the connection."));
  }

  #finish(controller: Controller): void | Promise<void> {
    if (this.#tokensSent === this.#script.stall_after) return this.#stall(controller);
    if (this.#tokensSent === this.#script.cut_after) return this.#cut(controller);
    const failed = this.#tokensSent === this.#script.error_after;
    if (failed) {
      const frames = this.#frames.failure(this.#position, this.#tokensSent);
      this.#deliver(controller, encoder.encode(frames));
    }
    this.#exchange.end(failed ? "failed" : "completed");
    controller.close();
  }

  #deliver(controller: Controller, bytes: Uint8Array): void {
    this.#exchange.countBytes(bytes.byteLength);
    controller.enqueue(bytes);
  }
}
