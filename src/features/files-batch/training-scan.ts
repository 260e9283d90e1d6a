// The scan of a training file: checks the form of each example, and counts examples and images.

import * as v from "valibot";
import { apiError } from "../../core/errors.ts";
import { listOf } from "../../core/http/bounded-schemas.ts";
import { validate } from "../../core/http/json-body.ts";
import { textOr } from "../../core/http/text-or.ts";
import { MAX_MESSAGES, MAX_PARTS } from "../../dialects/openai/request-limits.ts";
import type { ContentScan } from "./content-scan.ts";
import { inLine, parseLine } from "./file-lines.ts";

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
    add: (line, number) =>
      inLine(number, () => {
        const example = parseExample(line);
        method ??= example.method;
        if (method !== example.method) {
          throw exampleFault(`it is an example for ${example.method}, and the first line has one for ${method}.`);
        }
        lines += 1;
        images += countImages(example.messages);
      }),
    conclude() {
      if (method === undefined) throw exampleFault("The file has no examples. Send one JSON object per line.");
      return JSON.stringify({ method, lines, images } satisfies TrainingFacts);
    },
  };
}

/** Returns the messages of an example. Throws 400. */
function parseExample(line: string): { method: TrainingFacts["method"]; messages: Message[] } {
  const json = parseLine(line);
  if (typeof json !== "object" || json === null || !("input" in json)) {
    return { method: "supervised", messages: validate(SupervisedExample, json).messages };
  }
  const { input, preferred_output, non_preferred_output } = validate(PreferenceExample, json);
  return { method: "dpo", messages: [...input.messages, ...preferred_output, ...non_preferred_output] };
}

const exampleFault = (message: string) => apiError("invalid_request", message, { param: "file" });

const countImages = (messages: Message[]) =>
  messages.reduce((sum, { content }) => sum + (Array.isArray(content) ? content.filter(isImage).length : 0), 0);

const isImage = ({ type }: v.InferOutput<typeof Part>) => type === "image_url";
