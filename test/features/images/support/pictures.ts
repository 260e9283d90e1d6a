// Images as callers send them.

const PNG_START = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13, 0x49, 0x48, 0x44, 0x52];

/** The bytes of a file that begins like a PNG of that size. */
export function pngOf(width: number, height: number, length = 64): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  bytes.set(PNG_START);
  const view = new DataView(bytes.buffer);
  view.setUint32(16, width);
  view.setUint32(20, height);
  return bytes;
}

export const pngFile = (name = "river.png", width = 1024, height = 1024, length = 64) =>
  new File([pngOf(width, height, length)], name, { type: "image/png" });

/** A data URL of such a file. */
export const pngUrl = (width = 1024, height = 1024) =>
  `data:image/png;base64,${btoa(String.fromCharCode(...pngOf(width, height)))}`;
