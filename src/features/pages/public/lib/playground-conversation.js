// The conversation as data, and the request that continues it. Knows nothing of the page.

/**
 * @typedef {{ id: string, name: string, arguments: string, result?: string }} ToolCall
 * @typedef {{ kind: "question", text: string, images: string[] }} Question
 * @typedef {{ kind: "answer", text: string, thinking: string, calls: ToolCall[] }} Answer
 * @typedef {{ type: "text", text: string } | { type: "image", url: string }} Part
 * @typedef {{ role: "user", content: string | Part[] }
 *   | { role: "assistant", content?: string, tools?: ToolCall[] }
 *   | { role: "tool", id: string, content: string }} Message
 * @typedef {{ model: string, input: string | Message[], instructions?: string, effort?: string, reasoning?: "summary",
 *   tools?: typeof SAMPLE_TOOL[] }} ChatRequest
 * @typedef {{ model: string, instructions: string, effort: string, hasSummary: boolean, hasTool: boolean }} Settings
 */

/** The tool that a user can switch on. The user plays the app that runs it. */
export const SAMPLE_TOOL = {
  name: "measure_river",
  description: "Measures the water level of a river, in centimetres.",
  parameters: {
    type: "object",
    properties: { river: { type: "string", description: "The name of the river" } },
    required: ["river"],
  },
};

/**
 * Returns the body of `POST /chat`. Optional fields are left out when they are not set.
 * @param {(Question | Answer)[]} turns
 * @param {Settings} settings
 * @returns {ChatRequest}
 */
export function toRequest(turns, { model, instructions, effort, hasSummary, hasTool }) {
  const request = /** @type {ChatRequest} */ ({ model });
  if (instructions.trim() !== "") request.instructions = instructions;
  if (effort !== "") request.effort = effort;
  if (hasSummary) request.reasoning = "summary";
  if (hasTool) request.tools = [SAMPLE_TOOL];
  return { ...request, input: toInput(turns) };
}

/**
 * @param {(Question | Answer)[]} turns
 * @returns {string | Message[]}
 */
function toInput(turns) {
  const [first] = turns;
  if (turns.length === 1 && first?.kind === "question" && first.images.length === 0) return first.text;
  return turns.flatMap((turn) => (turn.kind === "question" ? [toQuestion(turn)] : toAnswer(turn)));
}

/** @param {Question} question @returns {Message} */
function toQuestion({ text, images }) {
  if (images.length === 0) return { role: "user", content: text };
  const parts = images.map((url) => /** @type {const} */ ({ type: "image", url }));
  return { role: "user", content: text === "" ? parts : [{ type: "text", text }, ...parts] };
}

/**
 * Calls without a result are left out, because every call in a request needs one.
 * @param {Answer} answer
 * @returns {Message[]}
 */
function toAnswer({ text, calls }) {
  const answered = calls.filter(({ result }) => result !== undefined);
  if (text === "" && answered.length === 0) return [];
  const message = /** @type {Message} */ ({ role: "assistant" });
  return [
    {
      ...message,
      ...(text === "" ? {} : { content: text }),
      ...(answered.length === 0
        ? {}
        : { tools: answered.map(({ id, name, arguments: written }) => ({ id, name, arguments: written })) }),
    },
    ...answered.map(({ id, result = "" }) => /** @type {const} */ ({ role: "tool", id, content: result })),
  ];
}
