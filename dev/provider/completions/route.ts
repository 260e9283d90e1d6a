// The route POST /v1/completions. A script in the first prompt applies to all of them.
import { Hono } from "hono";
import { readBody } from "../kernel/body.ts";
import { callerLeft, openAnswer, sendStream, sendWhole } from "../kernel/delivery/delivery.ts";
import { type Env, now, paceMs } from "../kernel/env.ts";
import { makeReply } from "../kernel/generation/reply.ts";
import { fitOutput } from "../kernel/request/output-budget.ts";
import { KERNEL_SCRIPT_RULES, type Script, splitScript } from "../kernel/script.ts";
import { type CompletionsRequest, readCompletionsRequest } from "./request.ts";
import { type CompletionChoice, createEnvelope, toCompletions, toCompletionsFrames } from "./wire.ts";

export const completionsRoutes = new Hono<Env>().post("/", async (c) => {
  const request = readCompletionsRequest(await readBody(c), now(c.env));
  const [first = "", ...others] = request.prompts;
  const scripted = splitScript(first, KERNEL_SCRIPT_RULES, "prompt");
  const script = c.var.exchange.withFaults(scripted.script ?? { delay_ms: paceMs(c.env) });
  const candidates = [scripted.question, ...others].map((question) => answerPrompt(request, script, question));
  const outputs = candidates.flat();
  const tokens = outputs.reduce((sum, { pieces }) => sum + pieces.length, 0);
  const reasoning = outputs.reduce((sum, output) => sum + output.reasoning, 0);
  const work = { reasoning, tokens, isWhole: !request.stream };
  if (!(await openAnswer(c, request, script, work))) return callerLeft();
  const prompt_tokens = request.promptTokens;
  const completion_tokens = reasoning + tokens;
  const counted = { prompt_tokens, completion_tokens, total_tokens: prompt_tokens + completion_tokens };
  const usage = script.no_usage ? undefined : counted;
  const envelope = createEnvelope(request, now(c.env));
  const choices = candidates.flatMap((those, index) =>
    those.slice(0, request.choiceCount).map(({ pieces, cut }): CompletionChoice => {
      const echoed = request.echo ? (request.prompts[index] ?? "") : "";
      return { echoed, pieces, finish: cut ? "length" : "stop" };
    }),
  );
  if (request.stream) return sendStream(c, toCompletionsFrames(envelope, choices, request, usage), script);
  return sendWhole(c, toCompletions(envelope, choices, request.logprobs, usage), tokens, script);
});

/** Generates all candidates of a prompt. Each is billed, also those that are not returned. */
function answerPrompt(request: CompletionsRequest, script: Script, question: string) {
  const { candidateCount, outputLimit } = request;
  const reply = { question, format: { type: "text" }, images: 0, toolResult: undefined } as const;
  return Array.from({ length: candidateCount }, (_, index) =>
    fitOutput(makeReply(reply, script, index), { reasoningTokens: 0, outputLimit }, script),
  );
}
