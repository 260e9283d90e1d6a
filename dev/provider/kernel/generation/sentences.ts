// Generates the sentences of an answer without a script, from the words of the question.
// The same question always gives the same sentences.
import { fingerprint } from "../ids.ts";
import { allWords, keywords, shorten } from "./question.ts";

const LONGEST_RESULT = 200;

const openings = [
  (topic: string) => `You asked about ${topic}.`,
  (topic: string) => `Your question is about ${topic}, as far as I can tell.`,
  (topic: string) => `So this is about ${topic}.`,
  (topic: string) => `Let us look at ${topic}.`,
  (topic: string) => `I read your message, and it mentions ${topic}.`,
];

const truths = [
  "I am the emulated provider, so no model thought about it: these sentences are made from your own words.",
  "This comes from the emulated provider, which has no model behind it and knows nothing about the world.",
  "The emulated provider is speaking here, and it can only show you how an answer streams in, not what a model knows.",
  "Since I am only the emulated provider, I cannot know more about it than you wrote.",
];

const closings = [
  (count: number) =>
    `You wrote ${count} ${count === 1 ? "word" : "words"}, and they will bring this answer every time.`,
  () => "With a real key the same request reaches a real model.",
  () => "Ask something else and the sentences will change.",
  (count: number) => `That is all I can make of ${count} ${count === 1 ? "word" : "words"}.`,
  () => "Ask the same again and you will read the same again.",
];

/** Answers a question in 30 to 80 tokens. A different `seed` gives a different answer. */
export function answerQuestion(question: string, images: number, seed: number): string {
  const number = fingerprint(question) + seed;
  const opening = pick(openings, number);
  const sentences = [
    opening(listWords(keywords(question))),
    images > 0 ? `I saw ${images} ${images === 1 ? "image" : "images"} with it.` : "",
    pick(truths, number >>> 4),
    pick(closings, number >>> 8)(allWords(question).length),
  ];
  return sentences.filter((sentence) => sentence !== "").join(" ");
}

/** Answers after a tool result. */
export function answerToolResult(result: string, seed: number): string {
  return `The tool answered: ${shorten(result, LONGEST_RESULT)}. ${pick(truths, fingerprint(result) + seed)}`;
}

function listWords(words: string[]): string {
  if (words.length === 0) return "something without words";
  if (words.length === 1) return words[0] ?? "";
  return `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}

function pick<Item>(items: Item[], number: number): Item {
  const item = items[(number >>> 0) % items.length];
  if (item === undefined) throw new Error("There is nothing to pick from.");
  return item;
}
