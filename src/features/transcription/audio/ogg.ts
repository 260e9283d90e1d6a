// The duration of Opus in Ogg: the sum of the durations of its packets.

import { bytesOf, dataViewOf, findBytes, startsWith } from "./audio-bytes.ts";
import { refuseAudio } from "./unmeasurable.ts";

/** Opus always decodes to this rate. */
const RATE = 48_000;
/** Recordings have one. The limit bounds the memory of hostile files. */
const MAX_STREAMS = 16;
/** 120 ms, the longest packet of RFC 6716. */
const MAX_PACKET_SAMPLES = 5760;
const PAGE_HEADER_BYTES = 27;
const CONTINUED = 1;
const FIRST_OF_STREAM = 2;
/** Begins each page. Its last byte is the version, of which only 0 exists. */
const CAPTURE_PATTERN = bytesOf("OggS\0");
const HEADERS = [bytesOf("OpusHead"), bytesOf("OpusTags")];

interface LogicalStream {
  /** The number of packets that have begun. The first two are headers. */
  packets: number;
  nextPage: number;
  /** The last packet continues in the next page. */
  open: boolean;
  samples: number;
  position: number;
}

/**
 * Returns the seconds of all logical streams together. Throws when a decoder that searches for pages could find other
 * packets.
 */
export function measureOgg(bytes: Uint8Array): number {
  const streams = new Map<number, LogicalStream>();
  for (let at = 0; at < bytes.length;) {
    const end = readPage(bytes, at, streams);
    const next = findBytes(bytes, CAPTURE_PATTERN, at + 1);
    if (next > 0 && next < end) refuseAudio("one of its pages contains another one");
    at = next > 0 ? next : bytes.length;
  }
  let samples = 0;
  for (const stream of streams.values()) samples += Math.max(stream.samples, stream.position);
  return samples / RATE;
}

/** Adds the packets that begin in a page to its stream. Returns where the page ends. */
function readPage(bytes: Uint8Array, at: number, streams: Map<number, LogicalStream>): number {
  const view = dataViewOf(bytes);
  const flags = view.getUint8(at + 5);
  const serial = view.getUint32(at + 14, true);
  const page = view.getUint32(at + 18, true);
  const isFirst = (flags & FIRST_OF_STREAM) !== 0;
  if (isFirst === streams.has(serial)) refuseAudio("its streams are incomplete or repeated");
  const stream = streams.get(serial) ?? { packets: 0, nextPage: page, open: false, samples: 0, position: 0 };
  streams.set(serial, stream);
  if (streams.size > MAX_STREAMS) refuseAudio(`it has more than ${MAX_STREAMS} streams`);
  if (page !== stream.nextPage || stream.open !== ((flags & CONTINUED) !== 0)) refuseAudio("it lacks pages");
  stream.nextPage = (page + 1) % 2 ** 32;
  // A page in which no packet ends has the position -1.
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
    return refuseAudio("it contains something other than Opus");
  }
  if (size === 0) refuseAudio("it contains an empty packet");
  const samples = packetSamples(bytes[at], bytes[at + 1]);
  if (samples > MAX_PACKET_SAMPLES) refuseAudio("one of its packets is longer than 120 ms");
  stream.samples += samples;
}

/** Returns the samples of a packet, RFC 6716 section 3.1. A packet that the end of the file cuts off has none. */
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
