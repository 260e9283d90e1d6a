// The emulated classifier. It scores a text or an image URL by its words.
// The word `emulate-violence` flags that category, and `emulate-violence-0.4` gives it exactly that score.
// A category such as `violence/graphic` also counts for `violence`, unless the text names `violence` itself.
import { fingerprint } from "../kernel/ids.ts";

const CATEGORIES = [
  "harassment",
  "harassment/threatening",
  "sexual",
  "hate",
  "hate/threatening",
  "illicit",
  "illicit/violent",
  "self-harm/intent",
  "self-harm/instructions",
  "self-harm",
  "sexual/minors",
  "violence",
  "violence/graphic",
];
const IMAGE_CATEGORIES = new Set([
  "sexual",
  "self-harm",
  "self-harm/intent",
  "self-harm/instructions",
  "violence",
  "violence/graphic",
]);
const WORDS = /emulate-([a-z]+(?:-[a-z]+)*)(?:-(0(?:\.\d+)?|1(?:\.0+)?)(?!\.?\d))?/g;
const NAMED_SCORE = 0.97;
const FLAGGED_FROM_SCORE = 0.5;

export interface Subject {
  text: string;
  hasText: boolean;
  hasImage: boolean;
}

/** Classifies one input. The result is in wire format. */
export function classify({ text, hasText, hasImage }: Subject) {
  const named = readScores(text);
  const scores = new Map(
    CATEGORIES.map((category) => [category, scoreOf(category, named) ?? lowScore(category + text)]),
  );
  const isFlagged = (category: string) => (scores.get(category) ?? 0) >= FLAGGED_FROM_SCORE;
  const inputTypes = (category: string) => [
    ...(hasText ? ["text"] : []),
    ...(hasImage && IMAGE_CATEGORIES.has(category) ? ["image"] : []),
  ];
  const each = <Value>(of: (category: string) => Value) =>
    Object.fromEntries(CATEGORIES.map((category) => [category, of(category)]));
  return {
    flagged: CATEGORIES.some(isFlagged),
    categories: each(isFlagged),
    category_scores: Object.fromEntries(scores),
    category_applied_input_types: each(inputTypes),
  };
}

/** The scores that a text names. The highest one counts when a name occurs more than once. */
function readScores(text: string): Map<string, number> {
  const scores = new Map<string, number>();
  for (const [, name = "", given] of text.toLowerCase().matchAll(WORDS)) {
    const score = given === undefined ? NAMED_SCORE : Number(given);
    scores.set(name, Math.max(scores.get(name) ?? 0, score));
  }
  return scores;
}

function scoreOf(category: string, named: Map<string, number>): number | undefined {
  const scoresOf = (categories: string[]) => categories.flatMap((name) => named.get(name.replaceAll("/", "-")) ?? []);
  const [own] = scoresOf([category]);
  if (own !== undefined) return own;
  const narrower = scoresOf(CATEGORIES.filter((other) => other.startsWith(`${category}/`)));
  return narrower.length > 0 ? Math.max(...narrower) : undefined;
}

function lowScore(text: string): number {
  return ((fingerprint(text) % 1000) + 1) / 1_000_000;
}
