// The runtime's `readAtLeast` for tests in Node, with plain reads: in Node, a read with the option `min` rejects when a
// closed stream has fewer bytes.

async function readAtLeast(
  this: ReadableStreamBYOBReader,
  bytes: number,
  { buffer, byteOffset, length }: Uint8Array<ArrayBuffer>,
): Promise<ReadableStreamReadResult<Uint8Array<ArrayBuffer>>> {
  for (let filled = 0; ;) {
    const { done, value } = await this.read(new Uint8Array(buffer, byteOffset + filled, length - filled));
    if (value === undefined) return { done, value };
    buffer = value.buffer;
    filled += value.length;
    const read = new Uint8Array(buffer, byteOffset, filled);
    if (filled >= bytes || (done && filled > 0)) return { done: false, value: read };
    if (done) return { done, value: read };
  }
}

Object.assign(ReadableStreamBYOBReader.prototype, { readAtLeast });
