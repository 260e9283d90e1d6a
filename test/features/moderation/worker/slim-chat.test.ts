// uses: slim-chat
// Moderation of POST /chat.

import { checkModeratedRoute } from "../support/moderated-route.ts";

checkModeratedRoute({
  path: "/chat",
  body: (input, stream) => ({ model: "o4-mini", input, stream }),
  toTool: (definition) => definition,
  param: "input",
  blockedEnd: /event:failed\ndata:.*"content_policy_violation".*\n\n$/,
});
