// Writes a chat answer as a completion object or as the chunks of a stream.
// The parts of a chunk around its token are built once for each stream.
import { noise } from "../../kernel/delivery/obfuscation.ts";
import type { Frames } from "../../kernel/delivery/paced-stream.ts";
import { SERVER_ERROR } from "../../kernel/faults.ts";
import { interleave } from "../../kernel/generation/interleave.ts";
import { createId, fingerprint } from "../../kernel/ids.ts";
import type { Script } from "../../kernel/script.ts";
import type { ChatChoice } from "./answer.ts";
import type { ChatRequest } from "./request.ts";

export interface ChatEnvelope {
  id: string;
  created: number;
  model: string;
  service_tier: string;
  system_fingerprint: string;
}

/** Creates the fields that all chunks of one answer share. */
export function createEnvelope(request: ChatRequest, moment: Date): ChatEnvelope {
  return {
    id: createId("chatcmpl-", 29),
    created: Math.floor(moment.getTime() / 1000),
    model: request.model.snapshotId,
    service_tier: request.serviceTier,
    system_fingerprint: `fp_${fingerprint(request.model.snapshotId).toString(16).padStart(8, "0")}`,
  };
}

/** The usage object, as OpenAI or as some other servers write it. */
export function toChatUsage(request: ChatRequest, choices: ChatChoice[], kind?: Script["usage"]) {
  const reasoning = choices.reduce((sum, choice) => sum + choice.reasoning, 0);
  const completion = choices.reduce((sum, choice) => sum + choice.pieces.length, reasoning);
  const prompt_tokens = request.promptTokens;
  const total_tokens = prompt_tokens + completion;
  if (kind === "total") return { prompt_tokens, total_tokens };
  return {
    prompt_tokens,
    completion_tokens: kind === "beside" ? completion - reasoning : completion,
    total_tokens,
    prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
    completion_tokens_details: {
      reasoning_tokens: reasoning,
      audio_tokens: 0,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
    },
  };
}

/** The answer as one object. Without `usage` the field is absent. */
export function toCompletion(
  envelope: ChatEnvelope,
  choices: ChatChoice[],
  usage: ReturnType<typeof toChatUsage> | undefined,
) {
  const { id, created, model, service_tier, system_fingerprint } = envelope;
  return {
    id,
    object: "chat.completion",
    created,
    model,
    choices: choices.map((choice, index) => ({
      index,
      message: toMessage(choice),
      logprobs: null,
      finish_reason: choice.finish,
    })),
    usage,
    service_tier,
    system_fingerprint,
  };
}

/**
 * The answer as stream frames. With `usage`, the last chunk carries it. The others have `"usage":null`, or with `early`
 * the usage without output.
 */
export function toChatFrames(
  envelope: ChatEnvelope,
  choices: ChatChoice[],
  options: {
    obfuscated: boolean;
    includeUsage: boolean;
    usage: ReturnType<typeof toChatUsage> | undefined;
    early: boolean;
  },
): Frames {
  const { id, created, model, service_tier, system_fingerprint } = envelope;
  const common = { id, object: "chat.completion.chunk", created, model, service_tier, system_fingerprint };
  const opening = `data: ${JSON.stringify(common).slice(0, -1)},"choices":[`;
  const prompt_tokens = options.usage?.prompt_tokens ?? 0;
  const early = options.early ? { prompt_tokens, completion_tokens: 0, total_tokens: prompt_tokens } : null;
  const noUsage = options.includeUsage ? `,"usage":${JSON.stringify(early)}` : "";
  const ending = (position: number, length: number) =>
    options.obfuscated ? `,"obfuscation":"${noise(position, length)}"}\n\n` : "}\n\n";
  const chunk = (index: number, delta: unknown, finish: string | null) =>
    `${opening}${JSON.stringify({ index, delta, logprobs: null, finish_reason: finish })}]${noUsage}${ending(index, 0)}`;

  const starts = choices.map((choice, index) =>
    choice.call
      ? `${opening}{"index":${index},"delta":{"tool_calls":[{"index":0,"function":{"arguments":`
      : `${opening}{"index":${index},"delta":{"${choice.refused ? "refusal" : "content"}":`,
  );
  const stops = choices.map(
    (choice) => `${choice.call ? "}}]" : ""}},"logprobs":null,"finish_reason":null}]${noUsage}`,
  );
  const { pieces, owners } = interleave(choices);
  const tail = choices.map((choice, index) => chunk(index, {}, choice.finish));
  if (options.usage) tail.push(`${opening}],"usage":${JSON.stringify(options.usage)}${ending(0, 0)}`);

  return {
    head: choices.map((choice, index) => chunk(index, firstDelta(choice), null)),
    tokenCount: pieces.length,
    token(position) {
      const piece = pieces[position] ?? "";
      const owner = owners[position] ?? 0;
      return starts[owner] + JSON.stringify(piece) + stops[owner] + ending(position, piece.length);
    },
    tail: [...tail, "data: [DONE]\n\n"],
    failure: () => `data: ${JSON.stringify({ error: SERVER_ERROR })}\n\n`,
  };
}

function toMessage({ call, refused, pieces }: ChatChoice) {
  const text = pieces.join("");
  const content = call || refused ? null : text;
  const message = { role: "assistant", content, refusal: refused ? text : null, annotations: [] };
  if (!call) return message;
  const { id, name } = call;
  return { ...message, tool_calls: [{ id, type: "function", function: { name, arguments: text } }] };
}

function firstDelta({ call }: ChatChoice) {
  if (!call) return { role: "assistant", content: "", refusal: null };
  const { id, name } = call;
  const first = { index: 0, id, type: "function", function: { name, arguments: "" } };
  return { role: "assistant", content: null, tool_calls: [first], refusal: null };
}
