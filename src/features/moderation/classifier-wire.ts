// Moderations: what is asked, and what the classifier says. It costs no tokens.

import * as v from "valibot";
import { ImageUrl } from "../../dialects/openai/image-url.ts";
import type { Subject } from "../../dialects/openai/subject.ts";
import { oneOf } from "../../core/one-of.ts";
import { textOr } from "../../core/text-or.ts";
import type { Exchange, Way } from "../../core/gateway/exchange.ts";
import { PLAIN } from "../../dialects/openai/plain.ts";

const Part = oneOf("type", {
  text: v.strictObject({ type: v.literal("text"), text: v.string() }),
  image_url: v.strictObject({ type: v.literal("image_url"), image_url: v.strictObject({ url: ImageUrl }) }),
});

export const ModerationRequest = v.strictObject({
  model: v.optional(v.pipe(v.string(), v.maxLength(100)), "omni-moderation-latest"),
  /** A text, or a list of texts, or of parts of the one thing that is judged. */
  input: textOr(v.pipe(v.array(textOr(Part)), v.minLength(1))),
});

export type ModerationRequest = v.InferOutput<typeof ModerationRequest>;

const ModerationResponse = v.object({
  results: v.array(
    v.object({
      flagged: v.boolean(),
      categories: v.record(v.string(), v.nullable(v.boolean())),
      category_scores: v.record(v.string(), v.nullable(v.number())),
    }),
  ),
});

export type ClassifierResult = v.InferOutput<typeof ModerationResponse>["results"][number];

/** /v1/moderations as the provider has it. */
export const passModeration = (request: ModerationRequest): Way =>
  askClassifier("model", (model) => JSON.stringify({ ...request, model }));

/** A question to the classifier: a request, and no tokens. */
export function askClassifier(
  chosenBy: "model" | "policy",
  write: (model: string) => string,
  read: Exchange["read"] = PLAIN.read,
): Way {
  const endpoint = "moderation";
  return {
    endpoint,
    prepare: ({ snapshot }) => ({
      ...PLAIN,
      endpoint,
      isPolicys: chosenBy === "policy",
      needs: [{ kind: "endpoint", endpoint, param: chosenBy }],
      demand: { inputBytes: 0, images: 0, choices: 1, maxOutputTokens: undefined, free: true },
      write: () => write(snapshot),
      read,
    }),
  };
}

/** What the classifier is asked about some subjects: texts go together, one with images alone. */
export function classifierBody(model: string, subjects: Subject[]): string {
  const [first] = subjects;
  const input = first && first.images.length > 0 ? toParts(first) : subjects.map(({ text }) => text);
  return JSON.stringify({ model, input });
}

function toParts({ text, images }: Subject): Exclude<ModerationRequest["input"], string> {
  const pictures = images.map((url) => ({ type: "image_url", image_url: { url } }) as const);
  return text === "" ? pictures : [{ type: "text", text }, ...pictures];
}

/** What the classifier said of each thing that it was asked about. Throws when it did not say so much. */
export function readModeration(text: string, count: number): ClassifierResult[] {
  const { results } = v.parse(v.pipe(v.string(), v.parseJson(), ModerationResponse), text);
  if (results.length !== count) throw new Error(`${results.length} verdicts on ${count} inputs`);
  return results;
}

/** One result out of several: the worst of each category. */
export function together(results: ClassifierResult[]): ClassifierResult {
  const all: ClassifierResult = { flagged: false, categories: {}, category_scores: {} };
  for (const { flagged, categories, category_scores: scores } of results) {
    all.flagged ||= flagged;
    for (const [name, is] of Object.entries(categories))
      all.categories[name] = is === true || all.categories[name] === true;
    for (const [name, score] of Object.entries(scores)) {
      all.category_scores[name] = Math.max(score ?? 0, all.category_scores[name] ?? 0);
    }
  }
  return all;
}
