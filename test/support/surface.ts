// A chat route for tests: its requests, and how it reports usage and failure.

import type { Script } from "../../dev/provider/kernel/script.ts";
import type { Caller, ErrorEnvelope } from "./caller.ts";
import { RESPONDENT } from "./catalog.ts";
import { emulate } from "./emulation.ts";
import { readEvents } from "./events.ts";
import { jsonBytes, shownBytes } from "./shown-input.ts";

export interface Surface {
  path: string;
  /** The provider's route. */
  upstream: string;
  /** The provider's parameter for the output bound. */
  bound: "max_completion_tokens" | "max_output_tokens" | "max_tokens";
  /** The body of a chat that the provider answers as scripted. */
  body(script: Script, stream: boolean): Record<string, unknown>;
  /** UTF-8 bytes of the model's input in such a body. */
  shown(body: Record<string, unknown>): number;
  /** All tokens of an answer, by the provider's usage; NaN where there is none. */
  tokens(text: string, stream: boolean): number;
  /** Part of a stream that ended at its output limit. */
  truncated: string;
  /** The error that a stream ended with, or undefined when it finished. Throws when it did neither. */
  failure(text: string): ErrorEnvelope["error"] | undefined;
}

interface ChoicesEnd {
  usage?: { total_tokens: number };
  error?: ErrorEnvelope["error"];
}

/** Common fields of OpenAI's surfaces whose answers have choices. */
export const OF_CHOICES: Pick<Surface, "truncated" | "tokens" | "failure"> = {
  truncated: '"finish_reason":"length"',
  tokens(text, stream) {
    // The usage chunk is the last one before [DONE].
    const { usage } = JSON.parse(stream ? (readEvents(text).at(-2)?.data ?? "") : text) as ChoicesEnd;
    return usage?.total_tokens ?? NaN;
  },
  failure(text) {
    const last = readEvents(text).at(-1)?.data;
    if (last === "[DONE]") return undefined;
    const { error } = JSON.parse(last ?? "{}") as ChoicesEnd;
    if (error) return error;
    throw new Error(`an unfinished stream: ${text}`);
  },
};

interface SlimEnd {
  usage?: { input: number; output: number };
}

/** POST /chat, with a model that is called over Chat Completions. */
export const SLIM: Surface = {
  path: "/chat",
  upstream: "/v1/chat/completions",
  bound: "max_completion_tokens",
  truncated: '"finish":"length"',
  shown: shownBytes,
  body: (script, stream) => ({ input: emulate(script), stream }),
  tokens(text, stream) {
    const { usage } = JSON.parse(stream ? (readEvents(text).at(-1)?.data ?? "") : text) as SlimEnd;
    return usage ? usage.input + usage.output : NaN;
  },
  failure(text) {
    const last = readEvents(text).at(-1);
    if (last?.name === "done") return undefined;
    if (last?.name === "failed") return (JSON.parse(last.data) as ErrorEnvelope).error;
    throw new Error(`an unfinished stream: ${text}`);
  },
};

/** Common fields of surfaces with a model that is called over Responses. */
export const OVER_RESPONSES = {
  upstream: "/v1/responses",
  bound: "max_output_tokens",
  shown: ({ input }: Record<string, unknown>) => jsonBytes({ input }),
} as const;

/** POST /chat, with a model that is called over Responses. */
export const SLIM_RESPONSES: Surface = {
  ...SLIM,
  ...OVER_RESPONSES,
  body: (script, stream) => ({ ...SLIM.body(script, stream), model: RESPONDENT }),
};

/** POST /chat over each dialect. */
export const CHATS: [string, Surface][] = [
  ["/chat over Chat Completions", SLIM],
  ["/chat over Responses", SLIM_RESPONSES],
];

/** Requests a scripted answer, streamed by default. */
export function ask(caller: Caller, surface: Surface, script: Script, stream = true): Promise<Response> {
  return caller.post(surface.path, surface.body(script, stream));
}
