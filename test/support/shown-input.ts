// The size of a chat's input, as the provider gets it.

/** UTF-8 bytes of the model's input as JSON, for a request with only messages or a slim input. */
export function shownBytes({ messages, input }: Record<string, unknown>): number {
  const shown = { messages: messages ?? [{ role: "user", content: input }] };
  return jsonBytes(shown);
}

export const jsonBytes = (value: unknown): number => new TextEncoder().encode(JSON.stringify(value)).byteLength;
