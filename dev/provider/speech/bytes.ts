// Byte arrays of the fields of containers.

/** A number in 32 bits, little-endian. */
export function uint32(value: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(4));
  view.setUint32(0, value, true);
  return new Uint8Array(view.buffer);
}

/** A text of Latin characters. */
export function toBytes(latin: string): Uint8Array {
  return Uint8Array.from(latin, (character) => character.charCodeAt(0));
}
