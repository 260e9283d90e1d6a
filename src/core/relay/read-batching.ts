// One read takes all that has arrived. The runtime alone gives one of the provider's chunks a read, and every read costs
// as much as many chunks; so the answer is drawn into a buffer without JavaScript, and read from there.

/** What a relay reads from: part of a ReadableStreamBYOBReader. */
export type Source = Pick<ReadableStreamBYOBReader, "read" | "cancel">;

/** JavaScript runs once for so many bytes drawn. */
const DRAWN_BYTES = 16_384;
/** What is drawn but not read yet: a caller who does not read holds the provider up after that. */
const MOST_UNREAD_BYTES = 1_048_576;

/** A source whose reads take all that has arrived, up to the size of their view. */
export function createBatchingSource(body: ReadableStream<Uint8Array>): Source {
  const [drawn, kept] = body.tee();
  const { readable, writable } = new IdentityTransformStream();
  // What goes wrong is seen in the other branch, too.
  drawn.pipeTo(writable).catch(ignore);
  const drain = readable.getReader({ mode: "byob" });
  const reader = kept.getReader({ mode: "byob" });
  let unread = 0;
  /** Set while drawing waits for a read. */
  let drawOn: (() => void) | undefined;

  const draw = async () => {
    let view = new Uint8Array(DRAWN_BYTES);
    for (;;) {
      const { done, value } = await drain.readAtLeast(DRAWN_BYTES, view);
      if (done) return;
      view = new Uint8Array(value.buffer);
      unread += value.length;
      if (unread > MOST_UNREAD_BYTES) await new Promise<void>((resolve) => (drawOn = resolve));
    }
  };
  draw().catch(ignore);

  return {
    async read(view: Uint8Array) {
      const result = await reader.read(view);
      if (!result.done) unread -= result.value.length;
      if (unread <= MOST_UNREAD_BYTES) drawOn?.();
      return result;
    },
    async cancel(reason) {
      await Promise.all([reader.cancel(reason), drain.cancel(reason)]);
    },
  } as Source;
}

const ignore = () => undefined;
