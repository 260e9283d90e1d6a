// uses: responses
// Moderation of POST /v1/responses.

import { checkModeratedRoute } from "../support/moderated-route.ts";

checkModeratedRoute({
  path: "/v1/responses",
  body: (input, stream) => ({ model: "o4-mini", input, stream }),
  toTool: (definition) => ({ type: "function", ...definition }),
  param: "input",
  blockedEnd: /event: response\.incomplete\ndata: .*"reason":"content_filter".*\n\n$/,
});
