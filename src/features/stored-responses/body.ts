// Writes a request that stores, goes on from what is stored, or uses the provider's tools; its bound covers what they add.

import type { Model } from "../../core/catalog/resolve.ts";
import { entry } from "../../core/catalog/schema.ts";
import { utf8Length } from "../../core/utf8-length.ts";
import type { RequestBody } from "../../dialects/openai/request-body.ts";
import { textsIn } from "../../dialects/openai/texts.ts";
import { responsesBody, responsesSubject } from "../../dialects/responses/body.ts";
import type { ResponsesSwitches } from "./catalog.ts";
import type { StoringRequest } from "./request.ts";
import { conversationOf } from "./request.ts";
import { hostedKinds, providerCalls, requireAllowed, withOperatorFields } from "./switches.ts";

const BUSY = "Another request still runs in this conversation.";

/** The request for a model. Throws 400 for what the catalog does not allow or the alias contradicts. */
export function storingBody(
  asked: StoringRequest,
  model: Model,
  switches: ResponsesSwitches,
): RequestBody<StoringRequest> {
  requireAllowed(asked, switches);
  const calls = providerCalls(asked, switches);
  const tools = asked.tools?.map((tool) => withOperatorFields(tool, switches));
  const sent = { ...asked, ...(tools ? { tools } : {}), ...(calls ? { max_tool_calls: calls.most } : {}) };
  const body = responsesBody(sent, model);
  const subject = responsesSubject(asked);
  const conversation = conversationOf(asked);
  return {
    ...body,
    needs: [...body.needs, ...hostedKinds(asked).map((tool) => ({ kind: "tool", tool, param: "tools" }) as const)],
    demand: {
      ...body.demand,
      // The provider alone knows what it adds of what it has stored; of a prompt the catalog knows it.
      needsCount: Boolean(asked.previous_response_id || conversation),
      exclusive: conversation === undefined ? undefined : { key: conversation, busyMessage: BUSY },
      addedTokens: asked.prompt ? promptTokens(asked.prompt, switches) : undefined,
      calls,
    },
    subject: { ...subject, text: [subject.text, ...textsIn(Object.values(asked.prompt?.variables ?? {}))].join("\n") },
  };
}

/** What a prompt adds, with its variables, which the provider's counter does not see. */
function promptTokens({ id, variables }: NonNullable<StoringRequest["prompt"]>, switches: ResponsesSwitches): number {
  return (entry(switches.prompts, id)?.input_tokens ?? 0) + utf8Length(JSON.stringify(variables ?? {}));
}
