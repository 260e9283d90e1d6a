// The duration of Opus in Ogg: the sum of the durations that its packets state.

import { bytesOf, findBytes, refuseAudio, startsWith, viewOf } from "./unmeasurable.ts";

/** Opus always decodes to this rate. */
const RATE = 48_000;
/** Recordings have one. The limit bounds the memory of hostile files. */
const MAX_STREAMS = 16;
/** 120 ms, the longest packet of RFC 6716. */
const MAX_PACKET_SAMPLES = 5760;
const PAGE_HEADER_BYTES = 27;
const CONTINUED = 1;
const FIRST_OF_STREAM = 2;
/** Begins each page, and ends in the only version. */
const CAPTURE_PATTERN = bytesOf("OggS\0");
const HEADERS = [bytesOf("OpusHead"), bytesOf("OpusTags")];
const VORBIS = bytesOf("\u0001vorbis");

interface LogicalStream {
  /** Packets that have begun. The first two are headers. */
  packets: number;
  nextPage: number;
  /** The last packet goes on in the next page. */
  open: boolean;
  samples: number;
  position: number;
}

/**
 * Returns seconds, the sum over all logical streams. Throws when a decoder that searches for pages could find packets
 * that this walk does not count.
 */
export function measureOgg(bytes: Uint8Array): number {
  const streams = new Map<number, LogicalStream>();
  for (let at = 0; at < bytes.length;) {
    const end = readPage(bytes, at, streams);
    const next = findBytes(bytes, CAPTURE_PATTERN, at + 1);
    if (next > 0 && next < end) refuseAudio("a page of the Ogg file contains another one");
    at = next > 0 ? next : bytes.length;
  }
  let samples = 0;
  for (const stream of streams.values()) samples += Math.max(stream.samples, stream.position);
  return samples / RATE;
}

/** Adds the packets that begin in a page to its stream. Returns where the page ends. */
function readPage(bytes: Uint8Array, at: number, streams: Map<number, LogicalStream>): number {
  const view = viewOf(bytes);
  const flags = view.getUint8(at + 5);
  const serial = view.getUint32(at + 14, true);
  const page = view.getUint32(at + 18, true);
  const isFirst = (flags & FIRST_OF_STREAM) !== 0;
  if (isFirst === streams.has(serial)) refuseAudio("the streams of the Ogg file are incomplete or repeated");
  const stream = streams.get(serial) ?? { packets: 0, nextPage: page, open: false, samples: 0, position: 0 };
  streams.set(serial, stream);
  if (streams.size > MAX_STREAMS) refuseAudio(`the Ogg file has more than ${MAX_STREAMS} streams`);
  if (page !== stream.nextPage || stream.open !== ((flags & CONTINUED) !== 0)) refuseAudio("the Ogg file lacks pages");
  stream.nextPage = (page + 1) % 2 ** 32;
  // Pages where no packet ends state the position -1.
  const positionHigh = view.getInt32(at + 10, true);
  if (positionHigh >= 0) {
    stream.position = Math.max(stream.position, positionHigh * 2 ** 32 + view.getUint32(at + 6, true));
  }

  const segments = view.getUint8(at + 26);
  let packetAt = at + PAGE_HEADER_BYTES + segments;
  let size = 0;
  for (let segment = 0; segment < segments; segment++) {
    const lacing = view.getUint8(at + PAGE_HEADER_BYTES + segment);
    size += lacing;
    const ends = lacing < 255;
    if (!ends && segment < segments - 1) continue;
    if (!stream.open) beginPacket(bytes, packetAt, size, stream);
    stream.open = !ends;
    packetAt += size;
    size = 0;
  }
  return packetAt;
}

function beginPacket(bytes: Uint8Array, at: number, size: number, stream: LogicalStream): void {
  const header = HEADERS[stream.packets++];
  if (header) {
    if (startsWith(bytes, at, header)) return;
    const codec = startsWith(bytes, at, VORBIS)
      ? "Vorbis, whose packets state no duration"
      : "something other than Opus";
    return refuseAudio(`the Ogg file contains ${codec}`);
  }
  if (size === 0) refuseAudio("the Ogg file contains an empty packet");
  const samples = packetSamples(bytes[at], bytes[at + 1]);
  if (samples > MAX_PACKET_SAMPLES) refuseAudio("a packet of the Ogg file is longer than 120 ms");
  stream.samples += samples;
}

/** RFC 6716, section 3.1. A packet that the end of the file cuts off has no samples. */
function packetSamples(first: number | undefined, second = 0): number {
  if (first === undefined) return 0;
  const configuration = first >> 3;
  const length = configuration & 3;
  let frame = 120 << length;
  if (configuration < 16) frame = 480 << (configuration & 1);
  if (configuration < 12) frame = length === 3 ? 2880 : 480 << length;
  const code = first & 3;
  if (code === 3) return frame * (second & 63);
  return code === 0 ? frame : frame * 2;
}
