// Uint8Array.prototype.toBase64 (ECMAScript 2026) for Node 24, which does not have it yet; the Workers runtime does.

interface Encoding {
  alphabet?: "base64" | "base64url";
  omitPadding?: boolean;
}

if (!("toBase64" in Uint8Array.prototype)) {
  // oxlint-disable-next-line eslint/no-extend-native -- it is the standard's own method, added where it is missing
  Object.defineProperty(Uint8Array.prototype, "toBase64", {
    value(this: Uint8Array, { alphabet = "base64", omitPadding = false }: Encoding = {}) {
      const text = Buffer.from(this).toString(alphabet);
      const bare = text.replace(/=+$/, "");
      return omitPadding ? bare : bare.padEnd(Math.ceil(bare.length / 4) * 4, "=");
    },
  });
}
