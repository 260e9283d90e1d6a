// uses: chat-completions
// Moderation of POST /v1/chat/completions.

import { expect, it } from "vitest";
import { errorOf, NOTHING } from "../../../support/caller.ts";
import { createUser, useCatalog } from "../../../support/workerd.ts";
import { moderatedCatalog } from "../support/moderated.ts";
import { checkModeratedRoute } from "../support/moderated-route.ts";

const path = "/v1/chat/completions";
const body = (content: string, stream: boolean) => ({
  model: "o4-mini",
  messages: [{ role: "user", content }],
  ...(stream && { stream, stream_options: { include_usage: true } }),
});

checkModeratedRoute({
  path,
  body,
  toTool: (definition) => ({ type: "function", function: definition }),
  param: "messages",
  blockedEnd: /"finish_reason":"content_filter".*\n\ndata: .*"usage":\{"prompt_tokens":\d+.*\n\ndata: \[DONE\]\n\n$/,
});

it("several moderated choices are a 400", async () => {
  await useCatalog(moderatedCatalog({ alias: { output: "window" } }));
  const user = await createUser();
  const response = await user.post(path, { ...body("Hi", false), n: 2 });
  expect(response.status).toBe(400);
  expect(await errorOf(response)).toMatchObject({ code: "unsupported_value", param: "n" });
  expect(await user.settled()).toEqual(NOTHING);
});
