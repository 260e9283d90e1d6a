// Hosted tools. Web searches are emulated; other types are accepted and never called.
import { keywords, shorten } from "../kernel/generation/question.ts";
import { createId } from "../kernel/ids.ts";
import type { HostedCall, HostedTools } from "../kernel/responses-hooks.ts";

const WEB_SEARCH_TYPES = ["web_search", "web_search_preview"];
const MAX_QUERY_LENGTH = 80;
const PROGRESS = ["in_progress", "searching", "completed"].map((step) => `response.web_search_call.${step}`);

export const webSearch: HostedTools = {
  types: [...WEB_SEARCH_TYPES, "file_search", "code_interpreter", "mcp", "image_generation"],
  run({ tools, maxCalls, script, question }) {
    if (!tools.some((tool) => WEB_SEARCH_TYPES.includes(String(tool["type"])))) return [];
    const query = shorten(keywords(question).join(" "), MAX_QUERY_LENGTH);
    return Array.from({ length: Math.min(script.tool_calls ?? 1, maxCalls) }, () => searchCall(query));
  },
};

function searchCall(query: string): HostedCall {
  const item = { id: createId("ws_", 32), type: "web_search_call" };
  return {
    id: item.id,
    opened: { ...item, status: "in_progress" },
    closed: { ...item, status: "completed", action: { type: "search", query } },
    progress: PROGRESS,
  };
}
