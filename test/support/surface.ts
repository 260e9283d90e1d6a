// The routes on which a chat can be had, in one form: how each is asked, and how each tells usage and failure.

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
  /** How the provider is told the output bound. */
  bound: "max_completion_tokens" | "max_output_tokens";
  /** The body of a chat that the provider answers as scripted. */
  body(script: Script, stream: boolean): Record<string, unknown>;
  /** UTF-8 bytes of what the model is shown of such a body. */
  shown(body: Record<string, unknown>): number;
  /** All tokens of an answer, as the provider counted them; NaN where it did not say. */
  tokens(text: string, stream: boolean): number;
  /** The error that a stream ended with, or undefined when it came to its end. Throws when it did neither. */
  failure(text: string): ErrorEnvelope["error"] | undefined;
}

interface SlimEnd {
  usage?: { input: number; output: number };
}

interface OpenaiEnd {
  usage?: { total_tokens: number };
  error?: ErrorEnvelope["error"];
}

export const SLIM: Surface = {
  path: "/chat",
  upstream: "/v1/chat/completions",
  bound: "max_completion_tokens",
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

export const OPENAI: Surface = {
  path: "/v1/chat/completions",
  upstream: "/v1/chat/completions",
  bound: "max_completion_tokens",
  shown: shownBytes,
  body: (script, stream) => ({
    model: "o4-mini",
    messages: [{ role: "user", content: emulate(script) }],
    ...(stream ? { stream, stream_options: { include_usage: true } } : {}),
  }),
  tokens(text, stream) {
    // The usage chunk is the last but [DONE].
    const { usage } = JSON.parse(stream ? (readEvents(text).at(-2)?.data ?? "") : text) as OpenaiEnd;
    return usage?.total_tokens ?? NaN;
  },
  failure(text) {
    const last = readEvents(text).at(-1)?.data;
    if (last === "[DONE]") return undefined;
    const { error } = JSON.parse(last ?? "{}") as OpenaiEnd;
    if (error) return error;
    throw new Error(`an unfinished stream: ${text}`);
  },
};

/** /v1/chat/completions for a caller who does not ask a stream for its usage. */
export const PLAIN: Surface = {
  ...OPENAI,
  body(script, stream) {
    const { stream_options: _asked, ...body } = OPENAI.body(script, stream);
    return body;
  },
  tokens: (text, stream) => (stream ? NaN : OPENAI.tokens(text, stream)),
};

interface ResponsesEnd {
  type?: string;
  response?: ResponsesEnd;
  usage?: { total_tokens: number } | null;
  error?: ErrorEnvelope["error"];
}

const OVER_RESPONSES = {
  upstream: "/v1/responses",
  bound: "max_output_tokens",
  shown: ({ input }: Record<string, unknown>) => jsonBytes({ input }),
} as const;

export const RESPONSES: Surface = {
  ...OVER_RESPONSES,
  path: "/v1/responses",
  body: (script, stream) => ({ model: "o4-mini", input: emulate(script), ...(stream ? { stream } : {}) }),
  tokens(text, stream) {
    const end = JSON.parse(stream ? (readEvents(text).at(-1)?.data ?? "") : text) as ResponsesEnd;
    return (stream ? end.response : end)?.usage?.total_tokens ?? NaN;
  },
  failure(text) {
    const [before, last] = readEvents(text).slice(-2);
    if (last?.name === "response.completed" || last?.name === "response.incomplete") return undefined;
    const { error } = JSON.parse(before?.data ?? "{}") as ResponsesEnd;
    if (last?.name === "response.failed" && before?.name === "error" && error) return error;
    throw new Error(`an unfinished stream: ${text}`);
  },
};

/** The slim chat with a model that is asked over Responses. */
export const SLIM_RESPONSES: Surface = {
  ...SLIM,
  ...OVER_RESPONSES,
  body: (script, stream) => ({ ...SLIM.body(script, stream), model: RESPONDENT }),
};

/** Each route over each of the dialects that it can be asked in. */
export const SURFACES: [string, Surface][] = [
  [SLIM.path, SLIM],
  [`${SLIM.path} over Responses`, SLIM_RESPONSES],
  [OPENAI.path, OPENAI],
  [RESPONSES.path, RESPONSES],
];

/** Every way in which an answer can be streamed, by the pace at which it travels. */
export const PACES: [string, Surface][] = [...SURFACES, [`${PLAIN.path} without usage`, PLAIN]];

/** Asks for an answer as scripted; streamed unless told otherwise. */
export function ask(caller: Caller, surface: Surface, script: Script, stream = true): Promise<Response> {
  return caller.post(surface.path, surface.body(script, stream));
}
