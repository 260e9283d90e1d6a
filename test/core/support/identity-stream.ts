// The runtime's IdentityTransformStream for tests in Node.

/** A write ends when its bytes are read. */
class IdentityStream {
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;

  constructor() {
    let asked = Promise.withResolvers<void>();
    const gone = Promise.withResolvers<never>();
    gone.promise.catch(() => undefined);
    let reading: ReadableByteStreamController | undefined;
    this.readable = new ReadableStream({
      type: "bytes",
      start: (controller: ReadableByteStreamController) => void (reading = controller),
      pull: () => asked.resolve(),
      cancel: (reason) => gone.reject(reason ?? new Error("the reader has left")),
    });
    this.writable = new WritableStream<Uint8Array>({
      start: (controller) => void gone.promise.catch((reason: unknown) => controller.error(reason)),
      async write(bytes, { signal }) {
        const aborted = new Promise<never>((_resolve, reject) => {
          signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
        });
        await Promise.race([asked.promise, gone.promise, aborted]);
        asked = Promise.withResolvers<void>();
        reading?.enqueue(new Uint8Array(bytes));
      },
      close() {
        reading?.close();
        // This ends a pending read.
        reading?.byobRequest?.respond(0);
      },
      abort: (reason) => reading?.error(reason ?? new Error("the writer has left")),
    });
  }
}

/** For `beforeAll`. */
export function provideIdentityStreams(): void {
  Object.assign(globalThis, { IdentityTransformStream: IdentityStream });
}
