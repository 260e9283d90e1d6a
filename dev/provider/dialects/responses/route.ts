// The routes POST /v1/responses and POST /v1/responses/input_tokens.
import { Hono } from "hono";
import { readBody, refuseUnknown } from "../../kernel/body.ts";
import { callerLeft, openAnswer, reaches, sendStream, sendWhole } from "../../kernel/delivery/delivery.ts";
import { type Env, now, paceMs } from "../../kernel/env.ts";
import type { ProviderHooks } from "../../kernel/feature.ts";
import { fileCounter } from "../../kernel/uploaded-files.ts";
import { answerResponse } from "./answer.ts";
import { countContext, readContext } from "./context.ts";
import { toItems, toOutput } from "./items.ts";
import { failedResponse, finishedResponse, openResponse, toResponsesUsage } from "./object.ts";
import { COUNTING_PARAMETERS } from "./parameters.ts";
import { findResponsesModel, readResponsesRequest } from "./request.ts";
import { openEmptyState } from "./stateless.ts";
import { toResponsesFrames } from "./wire.ts";

/** Creates the routes with the hooks of the features. */
export function createResponses(hooks: ProviderHooks): Hono<Env> {
  const { hostedTools, openState = openEmptyState } = hooks;
  const app = new Hono<Env>();

  app.post("/input_tokens", async (c) => {
    const body = await readBody(c);
    refuseUnknown(body, COUNTING_PARAMETERS);
    const model = findResponsesModel(body, now(c.env));
    const context = readContext(body, model, openState(body), fileCounter(c));
    return c.json({ object: "response.input_tokens", input_tokens: countContext(body, context) });
  });

  app.post("/", async (c) => {
    const request = readResponsesRequest(await readBody(c), now(c.env), {
      hostedTools,
      openState,
      countFile: fileCounter(c),
    });
    const lastUserText = request.items.findLast((item) => item.role === "user")?.text ?? "";
    const { exchange } = c.var;
    const read = hooks.readScript(lastUserText, request.format, paceMs(c.env), "input");
    const { question } = read;
    const script = exchange.withFaults(read.script);
    const { state } = request;
    let isComplete = false;
    state.lock(() => !isComplete && !exchange.isOver);
    // A background response without a stream is returned at once. The scripted pauses apply to its run.
    const repliesAtOnce = state.isBackground && !request.stream;
    const withoutFirstPause = { ...script, first_ms: 0 };
    const answer = answerResponse(request, script, question, hostedTools);
    const tokens = answer.pieces.length;
    const { reasoning } = answer;
    const work = { reasoning, tokens, isWhole: !request.stream, outlivesRequest: state.isBackground };
    if (!(await openAnswer(c, request, repliesAtOnce ? withoutFirstPause : script, work))) return callerLeft();

    const items = toItems(answer, request.encryptsReasoning);
    const output = toOutput(items);
    const opened = openResponse(request, now(c.env));
    const usage = (visible: number) => (script.no_usage ? null : toResponsesUsage(request, answer, visible));
    const failed = (visible: number) => failedResponse(opened, usage(visible));
    const finished = finishedResponse(opened, answer, output, usage(tokens));
    const queued = state.begin({
      input: request.input.map((item) => item.wire),
      items: request.items.map((item) => item.wire),
      output,
      running: opened.fields,
      ended: reaches(script.error_after, tokens) ? failed(script.error_after ?? 0) : finished,
      tokens,
      script: repliesAtOnce ? script : withoutFirstPause,
      stopWork: () => exchange.stopWork(),
    });
    const complete = () => {
      isComplete = true;
      state.complete();
    };

    if (repliesAtOnce && queued) return c.json(queued);
    if (!request.stream) {
      const whole = await sendWhole(c, finished, tokens, script);
      if (whole.ok && !reaches(script.cut_after, tokens)) complete();
      return whole;
    }
    const { obfuscated } = request;
    const running = opened.fields;
    const flatError = script.flat_error ?? false;
    const frames = toResponsesFrames({ answer, items, running, queued, finished, failed, obfuscated, flatError });
    const failure: typeof frames.failure = (...sent) => {
      state.fail();
      return frames.failure(...sent);
    };
    return sendStream(c, { ...frames, complete, failure }, script);
  });
  return app;
}
