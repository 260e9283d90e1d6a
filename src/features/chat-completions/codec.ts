// An OpenAI-compatible stream passed on as it came, without the usage chunk where the caller did not ask for it.

import type { Dialect, Piece } from "../../core/relay/answer.ts";
import { createAside } from "../../core/relay/usage-tap.ts";
import { joinBytes } from "../../core/relay/concat-bytes.ts";
import type { Codec } from "../../core/relay/codec.ts";
import { createEventFilter } from "../../core/relay/event-filter.ts";

const encoder = new TextEncoder();
const NOTHING = new Uint8Array(0);

interface PassOptions {
  keepUsage: boolean;
  /** What is pushed has been judged, and may be followed by a block. */
  gated?: boolean;
}

/**
 * With `keepUsage` the bytes pass untouched. Without it, an event that carries nothing but usage is left out, since
 * clients that did not ask for one may fail on a chunk without choices. The provider's own error frame is left out unless
 * the bytes go natively, which needs `keepUsage`.
 */
export function createPassCodec(dialect: Dialect, { keepUsage, gated = false }: PassOptions): Codec {
  const native = keepUsage && !gated;
  const aside = createAside(dialect);
  const { progress } = aside;
  const filter = createEventFilter((data) => {
    const pieces = piecesOf(data, dialect);
    for (const piece of pieces) {
      // Nothing comes after these, so that nobody waits for more.
      if (piece.kind === "end") progress.ended = true;
      if (piece.kind === "error") progress.error = piece.error;
    }
    return pieces.some(({ kind }) => kind === "error") || (!keepUsage && pieces.some(isOnlyUsage));
  });
  let pending: Uint8Array = NOTHING;

  return {
    progress,
    pace: native ? "native" : "at once",
    push(bytes) {
      aside.push(bytes);
      if (native) return;
      const sendable = filter(bytes);
      pending = pending.length === 0 ? sendable : joinBytes(pending, sendable);
    },
    take() {
      const bytes = pending;
      pending = NOTHING;
      return bytes;
    },
    finish: () => aside.conclude(),
    conclude: () => NOTHING,
    block(_error, began = "{}") {
      const { id, created, model } = JSON.parse(began) as Record<string, unknown>;
      const choices = [{ index: 0, delta: {}, finish_reason: "content_filter" }];
      const chunk = { id, object: "chat.completion.chunk", created, model, choices };
      return encoder.encode(`data: ${JSON.stringify(chunk)}\n\ndata: [DONE]\n\n`);
    },
    // A blank line first: what passed untouched may have been cut in the middle of an event.
    fail: (error) => encoder.encode(`${native ? "\n\n" : ""}data: ${JSON.stringify({ error })}\n\n`),
  };
}

/** The pieces of an event; one that cannot be read passes like any other. */
function piecesOf(data: string, dialect: Dialect): Piece[] {
  try {
    return dialect(data);
  } catch {
    return [];
  }
}

const isOnlyUsage = (piece: Piece) => piece.kind === "usage" && piece.alone;
