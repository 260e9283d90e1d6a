// How large a chat's input is for Weir: what of a request is shown to the model, as the provider gets it.

/** UTF-8 bytes of the JSON that shows the model a request which has nothing but its messages, or its slim input. */
export function shownBytes({ messages, input }: Record<string, unknown>): number {
  const shown = { messages: messages ?? [{ role: "user", content: input }] };
  return jsonBytes(shown);
}

export const jsonBytes = (value: unknown): number => new TextEncoder().encode(JSON.stringify(value)).byteLength;
