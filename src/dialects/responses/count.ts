// The conversion of a Responses request for the provider's token counter.

import type { ResponsesRequest } from "./request.ts";

/** The counter's path below the provider's base URL. */

/** Writes the body of POST /v1/responses/input_tokens: every field of the request that is input of the model. */
export function countResponsesInput(
  sent: ResponsesRequest & { previous_response_id?: unknown; conversation?: unknown },
): string {
  const { model, input, instructions, tools, tool_choice, text, reasoning, previous_response_id, conversation } = sent;
  return JSON.stringify({
    model,
    input,
    instructions,
    tools,
    tool_choice,
    text,
    reasoning,
    previous_response_id,
    conversation,
  });
}
