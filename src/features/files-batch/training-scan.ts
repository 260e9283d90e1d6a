// The scan of a training file: checks the form of each example, and counts examples and images.

import * as v from "valibot";
import { ApiError } from "../../core/errors.ts";
import { listOf } from "../../core/http/bounded-schemas.ts";
import { parseBoundedJson, validate } from "../../core/http/json-body.ts";
import { textOr } from "../../core/http/text-or.ts";
import { MAX_MESSAGES, MAX_PARTS } from "../../dialects/openai/request-limits.ts";
import type { ContentScan } from "./content-scan.ts";
import { lineFault } from "./file-lines.ts";

/** The facts of a training file, as JSON text in its row. */
export interface TrainingFacts {
  /** The method that the examples are for. */
  method: "supervised" | "dpo";
  lines: number;
  images: number;
}

// Each part has a known bound: texts by their bytes, images by their ceiling.
const Part = v.looseObject({ type: v.picklist(["text", "refusal", "image_url"]) });

const Message = v.looseObject({
  role: v.picklist(["developer", "system", "user", "assistant", "tool", "function"]),
  content: v.nullish(textOr(listOf(Part, MAX_PARTS))),
});

type Message = v.InferOutput<typeof Message>;

const Messages = v.pipe(listOf(Message, MAX_MESSAGES), v.minLength(1));

const SupervisedExample = v.looseObject({ messages: Messages });

const PreferenceExample = v.looseObject({
  input: v.looseObject({ messages: Messages }),
  preferred_output: Messages,
  non_preferred_output: Messages,
});

/** Creates the scan of a training file. */
export function createTrainingScan(): ContentScan {
  let method: TrainingFacts["method"] | undefined;
  let lines = 0;
  let images = 0;
  return {
    add(line, number) {
      const example = parseExample(line, number);
      if (method !== undefined && method !== example.method) {
        throw lineFault(number, `it is an example for ${example.method}, and those before are for ${method}.`);
      }
      method = example.method;
      lines += 1;
      images += countImages(example.messages);
    },
    conclude() {
      if (method === undefined) throw lineFault(1, "the file has no example. Send one JSON object per line.");
      return JSON.stringify({ method, lines, images } satisfies TrainingFacts);
    },
  };
}

/** Returns the messages of an example. Throws 400 that names the line. */
function parseExample(line: string, number: number): { method: TrainingFacts["method"]; messages: Message[] } {
  try {
    const json = parseBoundedJson(line);
    if (typeof json === "object" && json !== null && "input" in json) {
      const { input, preferred_output, non_preferred_output } = validate(PreferenceExample, json);
      return { method: "dpo", messages: [...input.messages, ...preferred_output, ...non_preferred_output] };
    }
    return { method: "supervised", messages: validate(SupervisedExample, json).messages };
  } catch (error) {
    if (error instanceof ApiError) throw lineFault(number, error.message);
    throw lineFault(number, "it is not JSON. Send one JSON object per line.");
  }
}

const countImages = (messages: Message[]) =>
  messages.reduce((sum, { content }) => sum + (Array.isArray(content) ? content.filter(isImage).length : 0), 0);

const isImage = ({ type }: v.InferOutput<typeof Part>) => type === "image_url";
