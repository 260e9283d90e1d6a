// The wire format of the classifier, OpenAI's /v1/moderations. It costs a request and no tokens.

import * as v from "valibot";
import type { Exchange, JsonReply, Subject, Way } from "../../core/gateway/exchange.ts";
import { jsonBody } from "../../core/gateway/exchange.ts";
import { InternalError } from "../../core/errors.ts";
import { emptyProgress } from "../../core/relay/answer.ts";
import { textOr } from "../../core/text-or.ts";
import { ImageUrl } from "../../dialects/openai/image-url.ts";

const Part = v.variant("type", [
  v.strictObject({ type: v.literal("text"), text: v.string() }),
  v.strictObject({ type: v.literal("image_url"), image_url: v.strictObject({ url: ImageUrl }) }),
]);

export const ModerationRequest = v.strictObject({
  model: v.optional(v.pipe(v.string(), v.maxLength(100)), "omni-moderation-latest"),
  /** A text, a list of texts, or parts of the one thing that is judged. */
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

/** /v1/moderations with the answer as the provider gives it. */
export const passModeration = (request: ModerationRequest): Way =>
  classifierWay(
    "caller",
    (model) => JSON.stringify({ ...request, model }),
    (text) => ({
      progress: emptyProgress(),
      moderatedText: () => "",
      conclude: () => text,
    }),
  );

/** A request to the classifier. `chosenBy`: a policy's classifier need not be in the caller's plan. */
export function classifierWay(
  chosenBy: "caller" | "policy",
  write: (model: string) => string,
  read: JsonReply["read"],
): Way {
  const endpoint = "moderation";
  return {
    endpoint,
    prepare: ({ snapshot }): Exchange => ({
      ask: {
        endpoint,
        chosenByCatalog: chosenBy === "policy",
        needs: [{ kind: "endpoint", endpoint, param: chosenBy === "policy" ? "policy" : "model" }],
        demand: { inputBytes: 0, images: 0, choices: 1, maxOutputTokens: undefined, free: true },
        // Text on its way to a classifier is not moderated once more.
        subject: undefined,
        write: () => jsonBody(write(snapshot)),
      },
      reply: { kind: "json", read },
    }),
  };
}

/** The classifier's body for some subjects: texts go together; a subject with images goes alone. */
export function classifierBody(model: string, subjects: Subject[]): string {
  const [first] = subjects;
  const input = first && first.images.length > 0 ? toParts(first) : subjects.map(({ text }) => text);
  return JSON.stringify({ model, input });
}

function toParts({ text, images }: Subject): Exclude<ModerationRequest["input"], string> {
  const pictures = images.map((url) => ({ type: "image_url", image_url: { url } }) as const);
  return text === "" ? pictures : [{ type: "text", text }, ...pictures];
}

/** The classifier's result for each of `count` subjects. Throws when there are not so many. */
export function readModeration(text: string, count: number): ClassifierResult[] {
  const { results } = v.parse(v.pipe(v.string(), v.parseJson(), ModerationResponse), text);
  if (results.length !== count) throw new InternalError(`${results.length} classifier results for ${count} inputs`);
  return results;
}

/** One result out of several: the worst of each category. */
export function worstResult(results: ClassifierResult[]): ClassifierResult {
  const all: ClassifierResult = { flagged: false, categories: {}, category_scores: {} };
  for (const { flagged, categories, category_scores: scores } of results) {
    all.flagged ||= flagged;
    for (const [name, isFlagged] of Object.entries(categories)) {
      all.categories[name] = isFlagged === true || all.categories[name] === true;
    }
    for (const [name, score] of Object.entries(scores)) {
      all.category_scores[name] = Math.max(score ?? 0, all.category_scores[name] ?? 0);
    }
  }
  return all;
}
