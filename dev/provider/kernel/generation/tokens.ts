// The emulated tokenizer, as dense as a byte-level BPE. A text never has more tokens than UTF-8 bytes.
// Latin letters share tokens, in runs of one case. Every other common character is a token. A rare character is not in
// the vocabulary, so each of its bytes is a token.

const LETTERS = "[A-Z]{2,6}(?![a-z])|[A-Z][a-z]{0,5}|[a-z]{1,6}";
const PIECE = new RegExp(` ?(?:${LETTERS})| ?\\d{1,3}| ?[^\\sA-Za-z\\d]|\\s{1,8}`, "gu");

/** Any character that is neither in a common alphabet nor Chinese, Japanese or Korean. */
const RARE =
  /[^\p{ASCII}\u0080-\u052f\u0590-\u06ff\u0900-\u0e7f\u2000-\u206f\u3000-\u30ff\u4e00-\u9fff\uac00-\ud7af\uff00-\uffef]/u;
const encoder = new TextEncoder();

// Each word is one token, with or without a space before it.
const FILLER = ["water", "runs", "over", "the", "low", "wall", "and", "the", "river", "keeps", "its", "level", "while"];

/** Splits a text into tokens. Joined, they are the text. Only the last token of a rare character has text. */
export function tokenize(text: string): string[] {
  const pieces = text.match(PIECE) ?? [];
  if (RARE.test(text)) return pieces.flatMap(splitRare);
  return pieces;
}

function splitRare(piece: string): string[] {
  if (!RARE.test(piece)) return [piece];
  const bytes = encoder.encode(piece.trimStart()).byteLength;
  return [...Array.from({ length: bytes - 1 }, () => ""), piece];
}

/** The number of tokens of a text. */
export function countTokens(text: string): number {
  return tokenize(text).length;
}

/** Generates exactly that many tokens of filler. */
export function fillerTokens(count: number): string[] {
  const pieces: string[] = [];
  for (let index = 0; index < count; index++) {
    const word = FILLER[index % FILLER.length] ?? "";
    pieces.push(index === 0 ? word : ` ${word}`);
  }
  return pieces;
}
