// The wire format of the classifier: OpenAI's /v1/moderations. A call costs no tokens.

import * as v from "valibot";
import { MAX_MODEL_NAME_LENGTH } from "../../core/catalog/card.ts";
import type { Exchange, JsonReply, Subject, Way } from "../../core/gateway/exchange.ts";
import { jsonBody } from "../../core/gateway/exchange.ts";
import { InternalError } from "../../core/errors.ts";
import { emptyProgress } from "../../core/relay/answer.ts";
import { listOf } from "../../core/http/bounded-schemas.ts";
import { textOr } from "../../core/http/text-or.ts";
import { ImageUrl } from "../../dialects/openai/image-url.ts";

/** The longest wait for a classifier, which usually answers within a second. */
export const CLASSIFIER_TIMEOUT_MS = 10_000;
/** The most texts or parts of one request. */
const MAX_INPUTS = 256;

const Part = v.variant("type", [
  v.strictObject({ type: v.literal("text"), text: v.string() }),
  v.strictObject({ type: v.literal("image_url"), image_url: v.strictObject({ url: ImageUrl }) }),
]);

export const ClassifierRequest = v.strictObject({
  model: v.optional(v.pipe(v.string(), v.maxLength(MAX_MODEL_NAME_LENGTH)), "omni-moderation-latest"),
  /** One text, a list of texts, or the parts of one subject. */
  input: textOr(v.pipe(listOf(textOr(Part), MAX_INPUTS), v.minLength(1))),
});

export type ClassifierRequest = v.InferOutput<typeof ClassifierRequest>;

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

/** POST /v1/moderations with the provider's answer unchanged. */
export const passModeration = (request: ClassifierRequest): Way =>
  classifierWay(
    "caller",
    typeof request.input === "string" ? 1 : request.input.length,
    (model) => JSON.stringify({ ...request, model }),
    (text) => ({
      progress: emptyProgress(),
      allText: () => "",
      conclude: () => text,
    }),
  );

/** Returns how many requests the classification of a subject counts as: one for its text and one for each image. */
export const classifierRequests = ({ text, images }: Subject): number => images.length + (text === "" ? 0 : 1);

/**
 * A request to the classifier that counts as `requests`. A policy's classifier need not be in the caller's plan; a
 * caller's own choice must be.
 */
export function classifierWay(
  chosenBy: "caller" | "policy",
  requests: number,
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
        demand: { inputBytes: 0, images: 0, choices: 1, maxOutputTokens: undefined, free: true, requests },
        maxMs: CLASSIFIER_TIMEOUT_MS,
        // Text for the classifier is not moderated a second time.
        subject: undefined,
        write: () => jsonBody(write(snapshot)),
      },
      reply: { kind: "json", read },
    }),
  };
}

/** Writes the classifier's body: several texts, or one subject with images. */
export function classifierBody(model: string, subjects: Subject[]): string {
  const [first] = subjects;
  const input = first && first.images.length > 0 ? toParts(first) : subjects.map(({ text }) => text);
  return JSON.stringify({ model, input });
}

function toParts({ text, images }: Subject): Exclude<ClassifierRequest["input"], string> {
  const pictures = images.map((url) => ({ type: "image_url", image_url: { url } }) as const);
  return text === "" ? pictures : [{ type: "text", text }, ...pictures];
}

/** Reads the classifier's result for each of `count` subjects, in order. Throws when the number of results differs. */
export function readClassifierResults(text: string, count: number): ClassifierResult[] {
  const { results } = v.parse(v.pipe(v.string(), v.parseJson(), ModerationResponse), text);
  if (results.length !== count) throw new InternalError(`${results.length} classifier results for ${count} inputs`);
  return results;
}

/** Merges results: the highest score and any flag of each category. */
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
