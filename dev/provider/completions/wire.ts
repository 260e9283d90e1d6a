// Writes completions as one object or as the chunks of a stream.
import type { Frames } from "../kernel/delivery/paced-stream.ts";
import { SERVER_ERROR } from "../kernel/faults.ts";
import { interleave } from "../kernel/generation/interleave.ts";
import { tokenize } from "../kernel/generation/tokens.ts";
import { createId } from "../kernel/ids.ts";
import type { CompletionsRequest } from "./request.ts";

export interface CompletionChoice {
  /** The prompt when the request has `echo`, else an empty text. */
  echoed: string;
  pieces: string[];
  finish: "stop" | "length";
}

interface CompletionsUsage {
  prompt_tokens: number;
  completion_tokens: number;
  total_tokens: number;
}

/** Creates the fields that the object and all chunks of one answer share. */
export function createEnvelope({ model }: CompletionsRequest, moment: Date) {
  const created = Math.floor(moment.getTime() / 1000);
  return { id: createId("cmpl-", 29), object: "text_completion", created, model: model.snapshotId };
}

type Envelope = ReturnType<typeof createEnvelope>;

/** The answer as one object. Without `usage` the field is absent. */
export function toCompletions(
  envelope: Envelope,
  choices: CompletionChoice[],
  logprobs: number | undefined,
  usage: CompletionsUsage | undefined,
) {
  return {
    ...envelope,
    choices: choices.map(({ echoed, pieces, finish }, index) => {
      const tokens = [...tokenize(echoed), ...pieces];
      return { text: tokens.join(""), index, logprobs: toLogprobs(tokens, logprobs), finish_reason: finish };
    }),
    usage,
  };
}

/** The answer as stream frames. With `usage`, the last chunk carries it, and the others have `"usage":null`. */
export function toCompletionsFrames(
  envelope: Envelope,
  choices: CompletionChoice[],
  { includeUsage, logprobs }: CompletionsRequest,
  usage: CompletionsUsage | undefined,
): Frames {
  const write = (fields: object) => `data: ${JSON.stringify({ ...envelope, ...fields })}\n\n`;
  const chunk = (index: number, text: string, finish: string | null) => {
    const choice = { text, index, logprobs: toLogprobs(tokenize(text), logprobs), finish_reason: finish };
    return write({ choices: [choice], ...(includeUsage && { usage: null }) });
  };
  const { pieces, owners } = interleave(choices);
  const tail = choices.map(({ finish }, index) => chunk(index, "", finish));
  if (includeUsage && usage) tail.push(write({ choices: [], usage }));
  return {
    head: choices.flatMap(({ echoed }, index) => (echoed === "" ? [] : [chunk(index, echoed, null)])),
    tokenCount: pieces.length,
    token: (position) => chunk(owners[position] ?? 0, pieces[position] ?? "", null),
    tail: [...tail, "data: [DONE]\n\n"],
    failure: () => `data: ${JSON.stringify({ error: SERVER_ERROR })}\n\n`,
  };
}

/** Invented log probabilities of tokens, with that many alternatives. */
function toLogprobs(tokens: string[], alternatives: number | undefined) {
  if (alternatives === undefined) return null;
  let offset = 0;
  const offsets = tokens.map((token) => (offset += token.length) - token.length);
  const others = Array.from({ length: alternatives }, (_, index) => [` other${index}`, -1 - index]);
  return {
    tokens,
    token_logprobs: tokens.map(() => -0.5),
    top_logprobs: alternatives === 0 ? null : tokens.map(() => Object.fromEntries(others) as Record<string, number>),
    text_offset: offsets,
  };
}
