// The dialects that a slim request can be asked in. Which one it is, the model's card says; the caller cannot tell.

import { slimChat } from "../chat-completions/exchange.ts";
import type { Way } from "../../core/gateway/exchange.ts";
import { slimResponses } from "../responses/exchange.ts";
import type { SlimRequest } from "./request.ts";

/** Only Responses tells what a model thought. `formatName` is what the provider is told that the format is called. */
export function slimWays(request: SlimRequest, formatName = "answer"): Way[] {
  const overResponses = slimResponses(request, formatName);
  return request.reasoning ? [overResponses] : [slimChat(request, formatName), overResponses];
}
