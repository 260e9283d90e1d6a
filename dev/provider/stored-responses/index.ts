// Stored state of Responses: stored and background responses, conversations, stored prompts and hosted tools.
import type { ProviderFeature } from "../kernel/feature.ts";
import { conversations } from "./conversations.ts";
import { webSearch } from "./web-search.ts";
import { storedResponses } from "./responses.ts";
import { openStoredState } from "./state.ts";

declare module "../kernel/script.ts" {
  interface Script {
    /** Number of web searches when the tool is offered. The default is one; `max_tool_calls` of the request limits it. */
    tool_calls?: number;
  }
}

export const storedState: ProviderFeature = {
  name: "stored-responses",
  routes: { "/v1/conversations": conversations, "/v1/responses": storedResponses },
  scriptRules: { tool_calls: { minimum: 0, maximum: 100 } },
  openState: openStoredState,
  hostedTools: webSearch,
};
