// PNG images of one colour, and the size of a PNG.
// W3C's specification of PNG has the chunks and their checksum.
import { fingerprint } from "../kernel/ids.ts";

const SIGNATURE = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
/** One bit per pixel, with a palette. */
const BIT_DEPTH = 1;
const PALETTE_COLOUR = 3;

/** Draws a PNG of that size. The text decides its colour. */
export async function drawPng(text: string, width: number, height: number): Promise<Uint8Array> {
  const colour = fingerprint(text);
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  header.set([BIT_DEPTH, PALETTE_COLOUR], 8);
  const palette = Uint8Array.of(colour >>> 16, colour >>> 8, colour, 0, 0, 0);
  // Each row has a filter byte, and all its pixels are the first colour.
  const rows = new Uint8Array(height * (1 + Math.ceil(width / 8)));
  const pixels = await deflate(rows);
  return join([
    SIGNATURE,
    chunk("IHDR", header),
    chunk("PLTE", palette),
    chunk("IDAT", pixels),
    chunk("IEND", new Uint8Array(0)),
  ]);
}

/** The size of a PNG; undefined for other bytes. */
export function pngSize(bytes: Uint8Array): { width: number; height: number } | undefined {
  if (bytes.length < 24 || SIGNATURE.some((byte, index) => bytes[index] !== byte)) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  return { width: view.getUint32(16), height: view.getUint32(20) };
}

async function deflate(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  const { body } = new Response(bytes);
  const compressed = body?.pipeThrough(new CompressionStream("deflate"));
  return new Uint8Array(await new Response(compressed ?? null).arrayBuffer());
}

function chunk(type: string, data: Uint8Array): Uint8Array {
  const typed = join([new TextEncoder().encode(type), data]);
  return join([word(data.length), typed, word(checksum(typed))]);
}

function word(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
}

/** CRC-32. */
function checksum(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}

function join(parts: Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}
