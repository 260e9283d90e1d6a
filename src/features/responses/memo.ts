// The memo lets a client refer to the items of an answer by id, although no server stores them.
// It is one more reasoning item at the end of an answer. Its id encodes the other items, and the client sends it back.

import { base64url } from "jose";
import * as v from "valibot";
import type { CountedJson } from "../../core/http/json-bounds.ts";
import { parseBoundedJson } from "../../core/http/json-body.ts";

export type Json = Record<string, unknown>;

const PREFIX = "rs_weir_";

/** The AI SDK sends references instead of items, unless it sets `store: false`. Other clients send the items. */
const REFERRING_CLIENT = /\bai-sdk\b/;

/** Tests if an answer needs a memo: its client sends references, and the request does not set `store` to false. */
export function needsMemo({ store }: { store?: boolean | null | undefined }, userAgent: string | undefined): boolean {
  return store !== false && REFERRING_CLIENT.test(userAgent ?? "");
}

/** Creates the memo of an answer's items. Leaves out log probabilities, which are no input. */
export function toMemo(output: unknown[]): Json {
  const text = JSON.stringify(output, (name, value: unknown) => (name === "logprobs" ? undefined : value));
  return { id: PREFIX + base64url.encode(text), type: "reasoning", summary: [] };
}

/** Adds the memo to the JSON text of a whole answer. An answer without items stays unchanged. */
export function withMemo(text: string): string {
  const response = JSON.parse(text) as Json;
  const output = response["output"];
  if (!Array.isArray(output) || output.length === 0) return text;
  return JSON.stringify({ ...response, output: [...(output as unknown[]), toMemo(output)] });
}

const Id = v.object({ id: v.string() });
const Items = v.array(v.looseObject({ id: v.string() }));

/**
 * Replaces each reference in the input of a request by the item from a memo of the same input, and removes the memos.
 * The items are input of the caller and must still be validated. An unknown reference stays. Each item is used once, so
 * that a body cannot grow.
 */
export function resolveReferences(body: unknown): unknown {
  const { input } = (body ?? {}) as { input?: unknown };
  if (!Array.isArray(input)) return body;
  const counted = { fields: 0, entries: 0 };
  const remembered = new Map(input.flatMap((item) => itemsOf(item, counted)).map((item) => [item.id, item]));
  if (remembered.size === 0) return body;
  const resolved = input.flatMap((item: unknown) => {
    if (memoOf(item) !== undefined) return [];
    const { type, id } = (item ?? {}) as { type?: unknown; id?: unknown };
    const found = type === "item_reference" && typeof id === "string" ? remembered.get(id) : undefined;
    if (!found) return [item];
    remembered.delete(found.id);
    return [found];
  });
  return { ...(body as Json), input: resolved };
}

/** Returns the encoded items of a memo, or of a reference to it; undefined for other items. */
function memoOf(item: unknown): string | undefined {
  const parsed = v.safeParse(Id, item);
  return parsed.success && parsed.output.id.startsWith(PREFIX) ? parsed.output.id.slice(PREFIX.length) : undefined;
}

function itemsOf(item: unknown, counted: CountedJson) {
  const encoded = memoOf(item);
  if (encoded === undefined) return [];
  try {
    return v.parse(Items, parseBoundedJson(new TextDecoder().decode(base64url.decode(encoded)), counted));
  } catch {
    return [];
  }
}
