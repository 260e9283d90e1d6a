// Writes a Responses request for the provider's exact counter, POST /v1/responses/input_tokens.

import type { ResponsesRequest } from "./request.ts";

/** The provider's route of the counter. */
export const COUNTER_PATH = "/responses/input_tokens";

/** The counter's body for a request as it is sent: everything that the model is shown. */
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
