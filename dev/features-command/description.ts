// One line that says what a feature is: the first sentence of its README, else of its index.ts.

import { exists, read } from "../repository.ts";

/** Throws nothing; the line is empty when neither file has a sentence. */
export function describeFeature(name: string): string {
  const readme = readmeOf(name);
  const sentence = exists(readme) ? firstProse(read(readme)) : firstComment(read(`src/features/${name}/index.ts`));
  const line = firstSentence(sentence).replace(/^The feature [a-z0-9-]+: /, "");
  return line.charAt(0).toUpperCase() + line.slice(1);
}

export const readmeOf = (name: string): string => `src/features/${name}/README.md`;

/** The first paragraph of Markdown that is no heading, list, table, comment or code. Links become their text. */
export function firstProse(markdown: string): string {
  const paragraphs = markdown.replaceAll(/^```[\s\S]*?^```/gm, "").split(/\n\s*\n/);
  const prose = paragraphs.map((text) => text.replace(/^#.*\n?/, "").trim()).find((text) => /^[\p{L}`[*_]/u.test(text));
  return (prose ?? "").replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1").replaceAll(/\s+/g, " ");
}

function firstComment(source: string): string {
  const lines = source.split("\n");
  const end = lines.findIndex((line) => !line.startsWith("//"));
  return lines
    .slice(0, end)
    .map((line) => line.slice(2).trim())
    .join(" ");
}

/** Without its full stop. */
function firstSentence(text: string): string {
  return /^.*?(?=\.(\s|$))/.exec(text)?.[0] ?? text;
}
