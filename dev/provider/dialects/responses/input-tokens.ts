// POST /v1/responses/input_tokens: counts what a prompt would cost, without answering it. The count is that of Chat
// Completions for the same prompt.
import { Hono } from "hono";
import { readBody, refuseUnknown } from "../../kernel/body.ts";
import { type Env, now } from "../../kernel/env.ts";
import { countContext, readContext } from "./context.ts";
import { COUNTING_PARAMETERS } from "./parameters.ts";
import { findResponsesModel } from "./request.ts";

export const inputTokens = new Hono<Env>().post("/", async (c) => {
  const body = await readBody(c);
  refuseUnknown(body, COUNTING_PARAMETERS);
  const context = readContext(body, findResponsesModel(body, now(c.env)));
  return c.json({ object: "response.input_tokens", input_tokens: countContext(body, context) });
});
