// Stored state of Responses: stored and background responses, conversations, stored prompts and hosted tools.
import type { ProviderFeature } from "../kernel/feature.ts";
import { conversationRoutes } from "./conversations.ts";
import { storedResponseRoutes } from "./responses.ts";
import { openStoredState } from "./state.ts";
import { webSearch } from "./web-search.ts";

declare module "../kernel/script.ts" {
  interface Script {
    /** Number of web searches when the tool is offered. The default is 1. `max_tool_calls` limits it. */
    tool_calls?: number;
  }
}

export const storedResponses: ProviderFeature = {
  name: "stored-responses",
  routes: { "/v1/conversations": conversationRoutes, "/v1/responses": storedResponseRoutes },
  scriptRules: { tool_calls: { minimum: 0, maximum: 100 } },
  openState: openStoredState,
  hostedTools: webSearch,
};
