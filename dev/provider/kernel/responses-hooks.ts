// The types that a feature and the Responses dialect exchange: stored state and hosted tools.
// All items and responses are in wire format, so that a feature needs nothing else of the dialect.
import type { JsonObject } from "./body.ts";
import type { Script } from "./script.ts";

/** The stored state of one Responses request. */
export interface ResponsesState {
  /** Texts that precede the request's own `instructions`. */
  instructions: string[];
  /** Items of the earlier turns, the oldest first. */
  earlierItems: JsonObject[];
  /** Fields that replace those of the response object. */
  fields: JsonObject;
  /** The response runs in the background, so the provider replies before it ends. */
  isBackground: boolean;
  /** Finds the stored item that an `item_reference` names. */
  findItem(id: string): JsonObject | undefined;
  /** Reserves the state while `isRunning` returns true. Throws a 400 while another response has it. */
  lock(isRunning: () => boolean): void;
  /** Receives the answer before any of it is sent. Returns the queued response when it runs in the background. */
  begin(answer: ResponsesAnswer): JsonObject | undefined;
  /** Called when the whole answer was sent. It is not called when the answer fails, is cut or is cancelled. */
  complete(): void;
  /** Called when a stream ends with an error. */
  fail(): void;
}

/** An answer as a feature sees it. */
export interface ResponsesAnswer {
  /** The items that the request itself brought. */
  input: JsonObject[];
  /** All items that the model read: the earlier ones and the input. */
  items: JsonObject[];
  /** The items that the model wrote. */
  output: JsonObject[];
  /** The response object while it runs, and at its end. */
  running: JsonObject;
  ended: JsonObject;
  /** How many visible tokens the answer has. */
  tokens: number;
  script: Script;
  /** Ends the work of an answer that is cancelled in the background. */
  stopWork: () => void;
}

/** The tools that one feature runs on the provider's side. */
export interface HostedTools {
  /** Values of a tool's `type`. */
  types: readonly string[];
  /** Calls the offered tools, at most `maxCalls` times. */
  run(request: { tools: JsonObject[]; maxCalls: number; script: Script; question: string }): HostedCall[];
}

/** One call of a hosted tool. */
export interface HostedCall {
  id: string;
  /** The output item when it opens in a stream, and when it is complete. */
  opened: JsonObject;
  closed: JsonObject;
  /** The types of the stream events between those two. */
  progress: string[];
}
