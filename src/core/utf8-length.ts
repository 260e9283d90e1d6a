// UTF-8 length of a string.

const encoder = new TextEncoder();

/** Encoding a longer string is faster than a loop over its characters. */
const SHORT_CHARACTERS = 1000;

/** Returns the number of UTF-8 bytes of a string. */
export function utf8Length(text: string): number {
  if (text.length > SHORT_CHARACTERS) return encoder.encode(text).length;
  let bytes = text.length;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    // A surrogate is half of a four-byte character; other units above 0x7ff take three bytes.
    if (unit > 0x7f) bytes += unit > 0x7ff && (unit & 0xf800) !== 0xd800 ? 2 : 1;
  }
  return bytes;
}
