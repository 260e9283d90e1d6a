// Chat chunks as a provider streams them, one server-sent event each, for tests that write their own stream.

const encoder = new TextEncoder();

export const sse = (data: unknown): string => `data: ${typeof data === "string" ? data : JSON.stringify(data)}\n\n`;

export const chunk = (delta: Record<string, unknown>, finish: string | null = null): string =>
  sse({ choices: [{ index: 0, delta, finish_reason: finish }], usage: null });

export const textChunk = (content: string): string => chunk({ content });

export const finishChunk = (finish = "stop"): string => chunk({}, finish);

/** The chunk that comes last, without choices, when usage was asked for. */
export const usageChunk = (input: number, output: number): string =>
  sse({ choices: [], usage: { prompt_tokens: input, completion_tokens: output, total_tokens: input + output } });

export const errorFrame = (message: string): string =>
  sse({ error: { message, type: "server_error", param: null, code: null } });

export const DONE = sse("[DONE]");

export const toUtf8 = (text: string): Uint8Array => encoder.encode(text);
export const fromUtf8 = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
