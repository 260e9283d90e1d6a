// The containers of wav, flac and Ogg, for one channel of 16 bits at 24 kHz.
import { concatBytes } from "../../../src/core/relay/byte-buffers.ts";
import { toBytes, uint32 } from "./bytes.ts";
import { checksum } from "./checksum.ts";

export const SAMPLE_RATE = 24_000;
export const SAMPLE_BYTES = 2;

/** The header of a RIFF file with 16-bit samples. */
export function wavHead(dataBytes: number): Uint8Array {
  const fields = new DataView(new ArrayBuffer(24));
  fields.setUint32(0, 16, true);
  fields.setUint16(4, 1, true);
  fields.setUint16(6, 1, true);
  fields.setUint32(8, SAMPLE_RATE, true);
  fields.setUint32(12, SAMPLE_RATE * SAMPLE_BYTES, true);
  fields.setUint16(16, SAMPLE_BYTES, true);
  fields.setUint16(18, SAMPLE_BYTES * 8, true);
  const format = new Uint8Array(fields.buffer, 0, 20);
  return concatBytes([
    toBytes("RIFF"),
    uint32(36 + dataBytes),
    toBytes("WAVEfmt "),
    format,
    toBytes("data"),
    uint32(dataBytes),
  ]);
}

/** The STREAMINFO of RFC 9639: an unknown length and no hash. */
export function flacHead(blockSamples: number): Uint8Array {
  const info = new DataView(new ArrayBuffer(34));
  info.setUint16(0, blockSamples);
  info.setUint16(2, blockSamples);
  // 20 bits of the sample rate, 3 of the channels minus 1, and 5 of the bits per sample minus 1.
  info.setUint32(10, (SAMPLE_RATE << 12) | (15 << 4));
  return concatBytes([toBytes("fLaC"), Uint8Array.of(0x80, 0, 0, 34), new Uint8Array(info.buffer)]);
}

/** A frame of big-endian samples, which are not compressed. */
export function flacFrame(position: number, samples: Uint8Array): Uint8Array {
  const number = new TextEncoder().encode(String.fromCodePoint(position));
  const size = samples.length / SAMPLE_BYTES - 1;
  const head = Uint8Array.of(0xff, 0xf8, 0x77, 0x08, ...number, size >> 8, size & 0xff);
  const headSum = checksum(head, 8, 0x07);
  const frame = concatBytes([head, Uint8Array.of(headSum, 0x02), samples]);
  const sum = checksum(frame, 16, 0x8005);
  return concatBytes([frame, Uint8Array.of(sum >> 8, sum & 0xff)]);
}

/** A page of RFC 3533. Each packet has fewer than 255 bytes. */
export function oggPage(sequence: number, position: number, flags: number, ...packets: Uint8Array[]): Uint8Array {
  const head = new DataView(new ArrayBuffer(27));
  head.setUint32(0, 0x4f676753);
  head.setUint8(5, flags);
  head.setUint32(6, position, true);
  head.setUint32(14, 1, true);
  head.setUint32(18, sequence, true);
  head.setUint8(26, packets.length);
  const page = concatBytes([new Uint8Array(head.buffer), Uint8Array.from(packets, ({ length }) => length), ...packets]);
  new DataView(page.buffer).setUint32(22, checksum(page, 32, 0x04c11db7), true);
  return page;
}
