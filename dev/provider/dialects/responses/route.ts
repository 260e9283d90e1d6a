// POST /v1/responses: reads the request, follows the script, and sends the answer whole, as a stream, or later.
import { Hono } from "hono";
import { readBody } from "../../kernel/body.ts";
import { extendConversation, extendLater, lockConversation } from "../../stored-responses/conversations-store.ts";
import { callerLeft, openAnswer, reaches, sendStream, sendWhole } from "../../kernel/delivery/delivery.ts";
import { type Env, now } from "../../kernel/env.ts";
import { readScript } from "../../moderation/judge.ts";
import { answerResponse } from "./answer.ts";
import { showInBackground } from "../../stored-responses/background.ts";
import { toItems, toOutput } from "./items.ts";
import { failedResponse, finishedResponse, openResponse, runningResponse, toUsage } from "./object.ts";
import { readResponsesRequest } from "./request.ts";
import { storeResponse } from "../../stored-responses/store.ts";
import { toFrames } from "./wire.ts";

export const responses = new Hono<Env>().post("/", async (c) => {
  const request = readResponsesRequest(await readBody(c), now(c.env));
  const lastUserText = request.items.findLast((item) => item.role === "user")?.text ?? "";
  const { script, question } = readScript(lastUserText, request.format, Number(c.env.PACE_MS ?? 0), "input");
  const { background, conversation } = request;
  const { exchange } = c.var;
  let isComplete = false;
  if (conversation) lockConversation(conversation, () => !isComplete && !exchange.isOver);
  // A response in the background is told at once, and spends the scripted time there.
  const isLater = background && !request.stream;
  const atOnce = { ...script, first_ms: 0 };
  if (!(await openAnswer(c, request, isLater ? atOnce : script))) return callerLeft();

  const answer = answerResponse(request, script, question);
  const tokens = answer.pieces.length;
  const items = toItems(answer, request.encryptsReasoning);
  const output = toOutput(items);
  const opened = openResponse(request, now(c.env));
  const usage = (visible: number) => (script.no_usage ? null : toUsage(request, answer, visible));
  const failed = (visible: number) => failedResponse(opened, usage(visible));
  const finished = finishedResponse(opened, answer, output, usage(tokens));
  const ending = reaches(script.error_after, tokens) ? failed(script.error_after ?? 0) : finished;
  const stored = { id: opened.id, items: request.items, output };
  const turn = [...request.input.map((item) => item.wire), ...output];
  // In the background it goes on whoever listens, so that the clock knows when it has ended. Anything else is lost unless
  // all of it was said.
  const rest = isLater ? script : atOnce;
  const later = background ? showInBackground(opened, rest, tokens, ending, Date.now()) : undefined;
  if (later) storeResponse({ ...stored, ...later });
  if (later && conversation) extendLater(conversation, turn, later.show);
  const complete = () => {
    isComplete = true;
    if (later) return later.finish();
    if (request.store) storeResponse({ ...stored, show: () => finished, cancel: undefined });
    if (conversation) extendConversation(conversation, turn);
  };

  if (isLater) return c.json(runningResponse(opened, "queued"));
  if (!request.stream) {
    const whole = await sendWhole(c, finished, tokens, script);
    if (whole.ok && !reaches(script.cut_after, tokens)) complete();
    return whole;
  }
  const running = runningResponse(opened, "in_progress");
  const queued = background ? runningResponse(opened, "queued") : undefined;
  const { obfuscated } = request;
  const flatError = script.flat_error ?? false;
  const frames = toFrames({ answer, items, running, queued, finished, failed, obfuscated, flatError });
  const failure: typeof frames.failure = (...sent) => {
    later?.finish();
    return frames.failure(...sent);
  };
  return sendStream(c, { ...frames, complete, failure }, script);
});
