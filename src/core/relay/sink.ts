// The sink: writes to the caller and detects the caller's disconnect.

import type { Disconnect } from "./disconnect.ts";

export interface Sink {
  /** The caller can stop reading without a disconnect. Then a write waits forever. */
  readonly canStick: boolean;
  /** Writes, unless the caller has disconnected. A failed write records the disconnect. Never throws. */
  write(bytes: Uint8Array): Promise<void>;
  /** Closes the answer as complete. Never throws. */
  close(): Promise<void>;
  /** Aborts the connection, so that a caller that is still connected does not wait forever. */
  cut(): void;
  /** Aborts the connection if a write is blocked because the caller does not read. */
  cutIfStuck(): void;
}

/** `readsAlways`: the caller reads every answer to its end, so a blocked write does not mean that it has stopped. */
export function createSink(
  writer: WritableStreamDefaultWriter<Uint8Array>,
  disconnect: Disconnect,
  readsAlways = false,
): Sink {
  let writing = 0;
  const cut = () => void writer.abort().catch(() => undefined);
  return {
    canStick: !readsAlways,
    cut,
    async write(bytes) {
      if (bytes.length === 0 || disconnect.callerLeft) return;
      writing += 1;
      await writer.write(bytes).catch(disconnect.markLeft);
      writing -= 1;
    },
    close: () => writer.close().catch(disconnect.markLeft),
    cutIfStuck() {
      if (writing > 0 && !readsAlways) cut();
    },
  };
}
