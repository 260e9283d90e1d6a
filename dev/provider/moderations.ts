// POST /v1/moderations. A category is flagged where the text, or the address of an image, contains its name after
// `emulate-`: `emulate-violence`, `emulate-self-harm-intent`. A narrower category flags the wider one too.
import { Hono } from "hono";
import { isObject, type JsonObject, readBody, readObjects, readString, refuseUnknown } from "./body.ts";
import { findModel } from "./catalog.ts";
import { type Env, now } from "./env.ts";
import { invalidRequest, invalidType, invalidValue, missingParameter } from "./errors.ts";
import { createId, fingerprint } from "./ids.ts";

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
const SEEN_IN_IMAGES = new Set([
  "sexual",
  "self-harm",
  "self-harm/intent",
  "self-harm/instructions",
  "violence",
  "violence/graphic",
]);
const FLAGGED_SCORE = 0.97;
// Of a data URL only the beginning can carry a category's name.
const ADDRESS_LENGTH = 300;

interface Subject {
  text: string;
  hasText: boolean;
  hasImage: boolean;
}

export const moderations = new Hono<Env>().post("/", async (c) => {
  const body = await readBody(c);
  refuseUnknown(body, new Set(["input", "model"]));
  const model = findModel(readString({ model: "omni-moderation-latest", ...body }, "model"), now(c.env));
  if (!model.card.endpoints.includes("moderation")) {
    throw invalidRequest(`The model \`${model.name}\` is not a moderation model.`, "model");
  }
  return c.json({
    id: createId("modr-", 29),
    model: model.name,
    results: readSubjects(body).map(judge),
  });
});

function readSubjects(body: JsonObject): Subject[] {
  const { input } = body;
  if (input === undefined || input === null) throw missingParameter("input");
  if (typeof input === "string") return [ofText(input)];
  if (!Array.isArray(input) || input.length === 0) throw invalidType("input", "a string or a non-empty array", input);
  if (input.every((entry) => typeof entry === "string")) return input.map(ofText);
  const parts = readObjects(body, "input").map(readPart);
  return [
    {
      text: parts.map((part) => part.text).join("\n"),
      hasText: parts.some((part) => part.hasText),
      hasImage: parts.some((part) => part.hasImage),
    },
  ];
}

function readPart(part: JsonObject, index: number): Subject {
  const path = `input[${index}]`;
  const type = readString(part, "type", `${path}.type`);
  if (type === "text") return ofText(readString(part, "text", `${path}.text`));
  if (type !== "image_url") throw invalidValue(`${path}.type`, type, ["text", "image_url"]);
  const image = isObject(part["image_url"]) ? part["image_url"] : {};
  const address = readString(image, "url", `${path}.image_url.url`);
  return { text: address.slice(0, ADDRESS_LENGTH), hasText: false, hasImage: true };
}

function ofText(text: string): Subject {
  return { text, hasText: true, hasImage: false };
}

function judge({ text, hasText, hasImage }: Subject) {
  const named = new Set(text.toLowerCase().match(/emulate-[a-z]+(?:-[a-z]+)*/g));
  const isFlagged = (category: string) =>
    CATEGORIES.some(
      (other) => named.has(`emulate-${other.replaceAll("/", "-")}`) && `${other}/`.startsWith(`${category}/`),
    );
  const inputTypes = (category: string) => [
    ...(hasText ? ["text"] : []),
    ...(hasImage && SEEN_IN_IMAGES.has(category) ? ["image"] : []),
  ];
  const each = <Value>(of: (category: string) => Value) =>
    Object.fromEntries(CATEGORIES.map((category) => [category, of(category)]));
  return {
    flagged: CATEGORIES.some(isFlagged),
    categories: each(isFlagged),
    category_scores: each((category) => (isFlagged(category) ? FLAGGED_SCORE : lowScore(category + text))),
    category_applied_input_types: each(inputTypes),
  };
}

function lowScore(text: string): number {
  return ((fingerprint(text) % 1000) + 1) / 1_000_000;
}
