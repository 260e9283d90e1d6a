// The clock of relayed audio: its duration, from the headers of its frames. Pure.
// Bytes alone do not bound the duration, because compressed silence has nearly none.

import { concatBytes } from "../../core/relay/byte-buffers.ts";
import type { HeaderReader } from "./frame-headers.ts";
import { createFlacHeaderReader, createFrameHeaderReader } from "./frame-headers.ts";
import type { SpeechFormat } from "./request.ts";

export interface AudioClock {
  push(bytes: Uint8Array): void;
  /** The seconds of audio so far. */
  seconds(): number;
}

/** Bytes per second: 16 bits, mono, 24 kHz. */
const PCM_RATE = 48_000;

/**
 * The lowest plausible bytes per second of speech. They measure audio that lacks the headers of its format, and are
 * exact for pcm and wav.
 */
const LOWEST_RATES: Record<SpeechFormat, number> = {
  mp3: 8000,
  opus: 3000,
  aac: 4000,
  flac: 12_000,
  wav: PCM_RATE,
  pcm: PCM_RATE,
};

/** Creates the clock of one answer. */
export function createAudioClock(format: SpeechFormat): AudioClock {
  const headers = headersOf(format);
  const walk = headers && createFrameWalk(headers);
  let total = 0;
  return {
    push(bytes) {
      total += bytes.length;
      walk?.push(bytes);
    },
    seconds: () => walk?.seconds() || total / LOWEST_RATES[format],
  };
}

function headersOf(format: SpeechFormat): HeaderReader | undefined {
  if (format === "wav" || format === "pcm") return undefined;
  return format === "flac" ? createFlacHeaderReader() : createFrameHeaderReader(format);
}

/** Walks from header to header. Other bytes, such as tags, are skipped. */
function createFrameWalk(headers: HeaderReader): AudioClock {
  /** The start of a header that is not complete. */
  let rest: Uint8Array = new Uint8Array(0);
  /** Bytes of the last frame that have not arrived. */
  let skipped = 0;
  let seconds = 0;
  return {
    push(bytes) {
      const joined = concatBytes([rest, bytes]);
      let at = skipped;
      while (at < joined.length) {
        const start = joined.indexOf(headers.mark, at);
        at = start === -1 ? joined.length : start;
        if (at + headers.size > joined.length) break;
        const header = headers.read(joined.subarray(at, at + headers.size));
        seconds = header?.endsAt ?? seconds + (header?.seconds ?? 0);
        at += header?.length ?? 1;
      }
      rest = joined.slice(at);
      skipped = Math.max(0, at - joined.length);
    },
    seconds: () => seconds,
  };
}
