// Builds audio files byte by byte, honest and hostile ones.

import { concatBytes } from "../../../../src/core/relay/byte-buffers.ts";

export const concatenate = (...parts: (Uint8Array | number[])[]): Uint8Array =>
  concatBytes(parts.map((part) => (Array.isArray(part) ? Uint8Array.from(part) : part)));

export const ascii = (text: string) => Array.from(new TextEncoder().encode(text));
export const big32 = (value: number) => [24, 16, 8, 0].map((shift) => (value >>> shift) & 255);
export const little32 = (value: number) => big32(value).toReversed();
export const little16 = (value: number) => [value & 255, (value >> 8) & 255];

/** A RIFF chunk. `size` is what it states. */
export function chunk(name: string, content: Uint8Array | number[], size = content.length): Uint8Array {
  return concatenate(ascii(name), little32(size), content, content.length % 2 === 1 ? [0] : []);
}

export function wavFile(...chunks: Uint8Array[]): Uint8Array {
  const content = concatenate(ascii("WAVE"), ...chunks);
  return concatenate(ascii("RIFF"), little32(content.length), content);
}

interface WavFormat {
  tag?: number;
  /** The format tag within an extensible format. */
  extensible?: number;
  validBits?: number;
  channels?: number;
  rate: number;
  bits: number;
  blockSize?: number;
}

export function wavFormat({ tag = 1, extensible, validBits = 0, channels = 1, rate, bits, blockSize }: WavFormat) {
  const block = blockSize ?? (channels * bits) / 8;
  const rest = [0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xaa, 0, 0x38, 0x9b, 0x71];
  const extension = extensible === undefined ? [] : [22, 0, ...little16(validBits), 0, 0, 0, 0, extensible, 0, ...rest];
  return chunk("fmt ", [
    ...little16(extensible === undefined ? tag : 0xfffe),
    ...little16(channels),
    ...little32(rate),
    ...little32(rate * block),
    ...little16(block),
    ...little16(bits),
    ...extension,
  ]);
}
