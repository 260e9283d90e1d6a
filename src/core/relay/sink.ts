// The caller's end of an answer. Whoever writes learns here that the caller has gone.

import type { Departure } from "./departure.ts";

export interface Sink {
  /** Writes unless the caller has gone; a write that fails is the sign of it. Never throws. */
  write(bytes: Uint8Array): Promise<void>;
  /** Ends the answer as a whole one. Never throws. */
  close(): Promise<void>;
  /** Cuts the connection. Nobody who has gone sees it; who was only thought to have gone does not wait for ever. */
  cut(): void;
  /** Cuts the connection if a write is held up by a caller who does not read. */
  cutIfStuck(): void;
}

export function createSink(writer: WritableStreamDefaultWriter<Uint8Array>, departure: Departure): Sink {
  let writing = 0;
  const cut = () => void writer.abort().catch(() => undefined);
  return {
    cut,
    async write(bytes) {
      if (bytes.length === 0 || departure.gone) return;
      writing += 1;
      await writer.write(bytes).catch(departure.leave);
      writing -= 1;
    },
    close: () => writer.close().catch(departure.leave),
    cutIfStuck() {
      if (writing > 0) cut();
    },
  };
}
