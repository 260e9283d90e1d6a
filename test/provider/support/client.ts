// A client of the emulated provider without a socket: sends requests, parses answers and stream frames.
import type { ChatCompletion, ChatCompletionChunk, ChatCompletionMessageParam } from "openai/resources";
import provider from "../../../dev/provider/index.ts";
import type { Totals } from "../../../dev/provider/kernel/exchange.ts";
import type { Script } from "../../../dev/provider/kernel/script.ts";

export const emulatedEnv = { NOW: "2026-10-01" };
/** The `created` of every answer, in seconds. */
export const CREATED = Date.UTC(2026, 9, 1) / 1000;

export interface WireError {
  status: number;
  message: string;
  type: string;
  param: string | null;
  code: string | null;
}

/** Sends a request with a key. A string is sent as it is, anything else as JSON. */
export async function send(method: string, path: string, body?: unknown, init: RequestInit = {}): Promise<Response> {
  const headers = { authorization: "Bearer emulated-key", "content-type": "application/json" };
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const request = new Request(`http://provider.test${path}`, { method, headers, body: text ?? null, ...init });
  return provider.fetch(request, emulatedEnv);
}

/** Sends a chat request. The fields replace the default model and message. */
export async function sendChat(fields: object, init?: RequestInit): Promise<Response> {
  const body = { model: "gpt-5-mini", messages: [user("Hi")], ...fields };
  return send("POST", "/v1/chat/completions", body, init);
}

/** The completion of a chat request. */
export async function complete(fields: object): Promise<ChatCompletion> {
  return readJson<ChatCompletion>(await sendChat(fields));
}

/** The chunks of a streamed chat. Throws when the stream does not end with `[DONE]`. */
export async function stream(fields: object): Promise<ChatCompletionChunk[]> {
  const frames = toFrames(await (await sendChat({ stream: true, ...fields })).text());
  if (frames.pop() !== "[DONE]") throw new Error("The stream does not end with [DONE].");
  return frames.map((frame) => JSON.parse(frame) as ChatCompletionChunk);
}

/** The data of each frame of a stream. */
export function toFrames(text: string): string[] {
  const frames = text.split("\n\n");
  if (frames.pop() !== "") throw new Error("The stream does not end with a whole frame.");
  return frames.map((frame) => {
    if (!frame.startsWith("data: ")) throw new Error(`Not a data frame: ${frame}`);
    return frame.slice("data: ".length);
  });
}

/** The error of a response, with its status. */
export async function readError(response: Response): Promise<WireError> {
  const { error } = await readJson<{ error: Omit<WireError, "status"> }>(response);
  return { status: response.status, ...error };
}

/** The body as JSON. */
export async function readJson<Body>(response: Response): Promise<Body> {
  return (await response.json()) as Body;
}

/** The provider's totals. */
export async function readStats(): Promise<Totals> {
  return readJson<Totals>(await send("GET", "/__stats"));
}

/** Reads the first bytes of a stream, then leaves. */
export async function readFirst(response: Response): Promise<string> {
  const reader = response.body?.getReader();
  const first = await reader?.read();
  await reader?.cancel();
  return new TextDecoder().decode(first?.value);
}

/** A user message. */
export function user(content: unknown): ChatCompletionMessageParam {
  return { role: "user", content: content as string };
}

/** A text that begins with a script. */
export function scriptedText(script: Script, question = ""): string {
  return `emulate ${JSON.stringify(script)}\n${question}`;
}

/** The messages of a chat with a script. */
export function scripted(script: Script, question = ""): ChatCompletionMessageParam[] {
  return [user(scriptedText(script, question))];
}
