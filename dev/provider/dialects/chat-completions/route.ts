// The route POST /v1/chat/completions.
import { Hono } from "hono";
import { readBody } from "../../kernel/body.ts";
import { callerLeft, openAnswer, sendStream, sendWhole } from "../../kernel/delivery/delivery.ts";
import { type Env, now, paceMs } from "../../kernel/env.ts";
import type { ProviderHooks } from "../../kernel/feature.ts";
import { answerChat, type ChatChoice } from "./answer.ts";
import type { ChatMessage } from "./messages.ts";
import { readChatRequest } from "./request.ts";
import { createEnvelope, toChatFrames, toChatUsage, toCompletion } from "./wire.ts";

/** Creates the route with the hooks of the features. */
export function createChatCompletions(hooks: ProviderHooks): Hono<Env> {
  return new Hono<Env>().post("/", async (c) => {
    const request = readChatRequest(await readBody(c), now(c.env));
    const text = lastUserText(request.messages);
    const read = hooks.readScript(text, request.format, paceMs(c.env), "messages");
    const script = c.var.exchange.withFaults(read.script);
    const choices = answerChat(request, script, read.question);
    const sum = (count: (choice: ChatChoice) => number) => choices.reduce((total, choice) => total + count(choice), 0);
    const tokens = sum(({ pieces }) => pieces.length);
    const work = { reasoning: sum(({ reasoning }) => reasoning), tokens, isWhole: !request.stream };
    if (!(await openAnswer(c, request, script, work))) return callerLeft();
    const envelope = createEnvelope(request, now(c.env));
    const usage = script.no_usage ? undefined : toChatUsage(request, choices, script.usage);
    if (!request.stream) {
      return sendWhole(c, toCompletion(envelope, choices, usage), tokens, script);
    }
    const { obfuscated, includeUsage } = request;
    const options = {
      obfuscated,
      includeUsage,
      usage: includeUsage ? usage : undefined,
      early: script.usage === "early",
    };
    return sendStream(c, toChatFrames(envelope, choices, options), script);
  });
}

function lastUserText(messages: ChatMessage[]): string {
  return messages.findLast((message) => message.role === "user")?.text ?? "";
}
