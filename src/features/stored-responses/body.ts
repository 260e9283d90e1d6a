// The body and the bound of requests that use storage, stored prompts or hosted tools.

import type { Model } from "../../core/catalog/resolve.ts";
import { entry } from "../../core/catalog/schema.ts";
import { utf8Length } from "../../core/utf8-length.ts";
import type { RequestBody } from "../../dialects/openai/request-body.ts";
import { subjectOfTexts, textsIn } from "../../dialects/openai/texts.ts";
import { responsesBody, responsesSubject } from "../../dialects/responses/body.ts";
import type { ResponsesSwitches } from "./catalog.ts";
import type { StoringRequest } from "./request.ts";
import { conversationOf } from "./request.ts";
import { hostedKinds, requireSwitches, toolCallBound, withOperatorFields } from "./switches.ts";

const BUSY = "Another request is still running in this conversation. Wait for it to end, then try again.";

/** Writes the request for a model. Throws 400 for a field that the catalog does not allow or the alias contradicts. */
export function storingBody(
  callerRequest: StoringRequest,
  model: Model,
  switches: ResponsesSwitches,
): RequestBody<StoringRequest> {
  requireSwitches(callerRequest, switches);
  const toolCalls = toolCallBound(callerRequest, switches);
  const tools = callerRequest.tools?.map((tool) => withOperatorFields(tool, switches));
  const sent = {
    ...callerRequest,
    ...(tools ? { tools } : {}),
    ...(toolCalls ? { max_tool_calls: toolCalls.most } : {}),
  };
  const body = responsesBody(sent, model);
  const subject = responsesSubject(callerRequest);
  const conversation = conversationOf(callerRequest);
  return {
    ...body,
    needs: [
      ...body.needs,
      ...hostedKinds(callerRequest).map((tool) => ({ kind: "tool", tool, param: "tools" }) as const),
    ],
    demand: {
      ...body.demand,
      // Only the provider knows the size of stored input. The size of a stored prompt is in the catalog.
      needsCount: Boolean(callerRequest.previous_response_id || conversation),
      exclusive: conversation === undefined ? undefined : { key: conversation, busyMessage: BUSY },
      addedTokens: callerRequest.prompt ? promptTokens(callerRequest.prompt, switches) : undefined,
      toolCalls,
    },
    subject: subjectOfTexts(
      () => [subject.text, ...textsIn(Object.values(callerRequest.prompt?.variables ?? {}))],
      subject.images,
    ),
  };
}

/** The tokens of a stored prompt and its variables, which the provider's counter does not include. */
function promptTokens({ id, variables }: NonNullable<StoringRequest["prompt"]>, switches: ResponsesSwitches): number {
  return (entry(switches.prompts, id)?.input_tokens ?? 0) + utf8Length(JSON.stringify(variables ?? {}));
}
