// The route POST /v1/moderations. It waits and fails as the moderated text demands.
import { Hono } from "hono";
import {
  isObject,
  type JsonObject,
  readBody,
  readImageUrl,
  readObjects,
  readString,
  refuseUnknown,
} from "../kernel/body.ts";
import { findModel } from "../kernel/catalog.ts";
import { callerLeft } from "../kernel/delivery/delivery.ts";
import { pause } from "../kernel/delivery/pause.ts";
import { type Env, now } from "../kernel/env.ts";
import { invalidRequest, invalidType, invalidValue, missingParameter } from "../kernel/errors.ts";
import { createFault } from "../kernel/faults.ts";
import { createId } from "../kernel/ids.ts";
import { classify, type Subject } from "./classifier.ts";
import { type JudgedText, readJudgedText } from "./judged-text.ts";

// A data URL can name a category only at its beginning.
const MAX_URL_LENGTH = 300;

export const moderationRoutes = new Hono<Env>().post("/", async (c) => {
  const body = await readBody(c);
  refuseUnknown(body, new Set(["input", "model"]));
  const model = findModel(readString({ model: "omni-moderation-latest", ...body }, "model"), now(c.env));
  if (!model.card.endpoints.includes("moderation")) {
    throw invalidRequest(`The model \`${model.name}\` is not a moderation model.`, "model");
  }
  const subjects = readSubjects(body).map(readDemands);
  const delayMs = Math.max(...subjects.map((subject) => subject.delayMs));
  if (!(await pause(delayMs, c.var.exchange.signal))) return callerLeft();
  const status = subjects.find((subject) => subject.status !== undefined)?.status;
  if (status !== undefined) throw createFault(status);
  return c.json({ id: createId("modr-", 29), model: model.name, results: subjects.map(classify) });
});

/** Replaces the text by the text without scripts, and adds the demands of the text. */
function readDemands(subject: Subject): Subject & JudgedText {
  return { ...subject, ...readJudgedText(subject.text) };
}

function readSubjects(body: JsonObject): Subject[] {
  const { input } = body;
  if (input === undefined || input === null) throw missingParameter("input");
  if (typeof input === "string") return [textSubject(input)];
  if (!Array.isArray(input) || input.length === 0) throw invalidType("input", "a string or a non-empty array", input);
  if (input.every((entry) => typeof entry === "string")) return input.map(textSubject);
  const parts = readObjects(body, "input").map(readPart);
  if (parts.filter((part) => part.hasImage).length > 1) {
    throw invalidRequest("A request can have at most 1 image.", "input", "too_many_images");
  }
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
  if (type === "text") return textSubject(readString(part, "text", `${path}.text`));
  if (type !== "image_url") throw invalidValue(`${path}.type`, type, ["text", "image_url"]);
  const image = isObject(part["image_url"]) ? part["image_url"] : {};
  const url = readImageUrl(image, "url", `${path}.image_url.url`);
  return { text: url.slice(0, MAX_URL_LENGTH), hasText: false, hasImage: true };
}

function textSubject(text: string): Subject {
  return { text, hasText: true, hasImage: false };
}
