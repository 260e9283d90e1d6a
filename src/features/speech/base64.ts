// Decoder of base64 that arrives in pieces.

export interface Base64Decoder {
  /** Returns the bytes that a piece completes. Throws when it is not base64. */
  decode(piece: string): Uint8Array;
  /** Returns the bytes of the last group, when its padding is missing. Repeated calls have no effect. */
  flush(): Uint8Array;
}

/** Creates the decoder. Each piece is usually complete. Characters of an incomplete group of four wait for the next. */
export function createBase64Decoder(): Base64Decoder {
  let rest = "";
  return {
    decode(piece) {
      const text = rest + piece;
      const complete = text.length - (text.length % 4);
      rest = text.slice(complete);
      return toBytes(text.slice(0, complete));
    },
    flush() {
      const last = rest;
      rest = "";
      return toBytes(last);
    },
  };
}

function toBytes(base64: string): Uint8Array {
  const binary = atob(base64);
  const bytes = new Uint8Array(binary.length);
  for (let index = 0; index < binary.length; index++) bytes[index] = binary.charCodeAt(index);
  return bytes;
}
