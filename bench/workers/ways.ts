// Ways to pass a provider's stream on, each with nothing else to do. `WAY` selects one.

interface Env {
  PROVIDER: string;
  WAY: string;
}

type Body = ReadableStream<Uint8Array>;
type Way = (body: Body, context: ExecutionContext) => Body;

/** The native pump that holds no JavaScript. */
const native: Way = (body) => body;

const pipe: Way = (body) => body.pipeThrough(new IdentityTransformStream());

/** The second branch holds all bytes until they are read: here four times a second. */
const tee: Way = (body, context) => {
  const [sent, copy] = body.tee();
  context.waitUntil(readNowAndThen(copy));
  return sent;
};

/** Reads and writes each chunk, as Weir does. */
const pump: Way = (body, context) => {
  const { readable, writable } = new IdentityTransformStream();
  context.waitUntil(writeEach(body, writable.getWriter()));
  return readable;
};

const pull: Way = (body) => {
  const reader = body.getReader();
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await reader.read();
      if (done) controller.close();
      else controller.enqueue(value);
    },
  });
};

const transform: Way = (body) =>
  body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({ transform: (chunk, controller) => controller.enqueue(chunk) }),
  );

const ways: Record<string, Way> = { native, pipe, tee, pump, pull, transform };

const COPY_EVERY_MS = 250;

async function readNowAndThen(body: Body): Promise<void> {
  const reader = body.getReader({ mode: "byob" });
  let view = new Uint8Array(16_384);
  for (;;) {
    await scheduler.wait(COPY_EVERY_MS);
    const { done, value } = await reader.read(view);
    if (done) return;
    view = new Uint8Array(value.buffer);
  }
}

async function writeEach(body: Body, writer: WritableStreamDefaultWriter<Uint8Array>): Promise<void> {
  const reader = body.getReader({ mode: "byob" });
  let view = new Uint8Array(4096);
  for (;;) {
    const { done, value } = await reader.read(view);
    if (done) return writer.close();
    await writer.write(value);
    view = new Uint8Array(value.buffer);
  }
}

export default {
  async fetch(request: Request, { PROVIDER, WAY }: Env, context: ExecutionContext): Promise<Response> {
    const response = await fetch(new Request(PROVIDER + new URL(request.url).pathname, request));
    const way = ways[WAY];
    return response.body && way ? new Response(way(response.body, context), response) : response;
  },
};
