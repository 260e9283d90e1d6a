// Vectors of texts: of length 1, and always the same for the same text.
import { fingerprint } from "../kernel/ids.ts";

/** A vector for a text. Texts that share words get vectors that are near each other. */
export function vectorFor(text: string, dimensions: number): Float32Array<ArrayBuffer> {
  const vector = new Float32Array(dimensions);
  for (const word of text.toLowerCase().split(/\s+/)) {
    for (let turn = 0; turn < 4; turn++) {
      const hash = fingerprint(`${turn}${word}`);
      const index = hash % dimensions;
      vector[index] = (vector[index] ?? 0) + (hash % 2 === 0 ? 1 : -1);
    }
  }
  const length = Math.hypot(...vector) || 1;
  return vector.map((value) => value / length);
}

/** A vector as JSON: numbers, or base64 of little-endian 32-bit floats. */
export function writeVector(vector: Float32Array<ArrayBuffer>, format: "float" | "base64"): string {
  if (format === "float") return JSON.stringify([...vector]);
  const bytes = new Uint8Array(vector.buffer);
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return JSON.stringify(btoa(binary));
}
