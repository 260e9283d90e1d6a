// /v1/responses/:id: answers that the provider keeps, for their owners alone. Anyone else's are not there.

import { Hono } from "hono/tiny";
import type { AppEnv } from "../../core/env.ts";
import { answerPage, answerStored } from "./stored-answer.ts";

export const storedResponses = new Hono<AppEnv>()
  .get("/:id", (c) => answerStored(c, "response"))
  .delete("/:id", (c) => answerStored(c, "response", { method: "DELETE" }))
  .post("/:id/cancel", (c) => answerStored(c, "response", { method: "POST", rest: "/cancel" }))
  .get("/:id/input_items", (c) => answerPage(c, "response", "input_items"));
