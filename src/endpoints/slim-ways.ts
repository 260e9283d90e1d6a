// The dialects that a slim request can be asked in. Which one it is, the model's card says; the caller cannot tell.

import { slimChat } from "./chat-exchange.ts";
import type { Way } from "./exchange.ts";
import { slimResponses } from "./responses-exchange.ts";
import type { SlimRequest } from "./slim-request.ts";

/** Only Responses tells what a model thought. */
export function slimWays(request: SlimRequest): Way[] {
  return request.reasoning ? [slimResponses(request)] : [slimChat(request), slimResponses(request)];
}
