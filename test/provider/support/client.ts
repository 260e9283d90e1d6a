// How tests talk to the emulated provider without a socket: requests in, parsed answers and stream frames out.
import type { ChatCompletion, ChatCompletionChunk, ChatCompletionMessageParam } from "openai/resources";
import provider from "../../../dev/provider/index.ts";

export const emulatedEnv = { NOW: "2026-10-01" };

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

/** Sends a chat completion; a model and a message are there unless the fields replace them. */
export async function sendChat(fields: object, init?: RequestInit): Promise<Response> {
  const body = { model: "gpt-5-mini", messages: [user("Hi")], ...fields };
  return send("POST", "/v1/chat/completions", body, init);
}

/** The whole answer to a chat request. */
export async function complete(fields: object): Promise<ChatCompletion> {
  return readJson<ChatCompletion>(await sendChat(fields));
}

/** The chunks of a streamed answer, which must end in `[DONE]`. */
export async function stream(fields: object): Promise<ChatCompletionChunk[]> {
  const frames = toFrames(await (await sendChat({ stream: true, ...fields })).text());
  if (frames.pop() !== "[DONE]") throw new Error("The stream does not end in [DONE].");
  return frames.map((frame) => JSON.parse(frame) as ChatCompletionChunk);
}

/** What stands after `data: ` in each frame of a stream. */
export function toFrames(text: string): string[] {
  const frames = text.split("\n\n");
  if (frames.pop() !== "") throw new Error("The stream does not end with a frame.");
  return frames.map((frame) => {
    if (!frame.startsWith("data: ")) throw new Error(`This is no data frame: ${frame}`);
    return frame.slice("data: ".length);
  });
}

/** The error in an answer, with its status. */
export async function readError(response: Response): Promise<WireError> {
  const { error } = await readJson<{ error: Omit<WireError, "status"> }>(response);
  return { status: response.status, ...error };
}

/** The body as JSON, of the type that the test says it has. */
export async function readJson<Body>(response: Response): Promise<Body> {
  return (await response.json()) as Body;
}

/** A user message. */
export function user(content: unknown): ChatCompletionMessageParam {
  return { role: "user", content: content as string };
}

/** The messages of a scripted request; `question` follows the script's line. */
export function scripted(script: object, question = ""): ChatCompletionMessageParam[] {
  return [user(`emulate ${JSON.stringify(script)}\n${question}`)];
}
