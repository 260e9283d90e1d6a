// The content of a file in blocks, so that a large file needs no single large piece of memory.

const BLOCK_BYTES = 1_048_576;

export class Content {
  /** All blocks are full, except the last one. */
  readonly #blocks: Uint8Array[] = [];
  #length = 0;

  get length(): number {
    return this.#length;
  }

  get blockCount(): number {
    return this.#blocks.length;
  }

  /** Copies bytes to the end. */
  append(bytes: Uint8Array): void {
    let rest = bytes;
    while (rest.length > 0) {
      const used = this.#length % BLOCK_BYTES;
      if (used === 0) this.#blocks.push(new Uint8Array(BLOCK_BYTES));
      const piece = rest.subarray(0, BLOCK_BYTES - used);
      this.#blocks.at(-1)?.set(piece, used);
      this.#length += piece.length;
      rest = rest.subarray(piece.length);
    }
  }

  /** Frees the unused end of the last block. Nothing can be appended afterwards. */
  close(): this {
    const last = this.#blocks.pop();
    if (last) this.#blocks.push(last.slice(0, this.#length - this.#blocks.length * BLOCK_BYTES));
    return this;
  }

  /** The bytes of a block. */
  block(index: number): Uint8Array {
    return this.#blocks[index] ?? new Uint8Array(0);
  }

  /** Copies the bytes from `start` to before `end`. */
  slice(start: number, end: number): Uint8Array {
    const copy = new Uint8Array(end - start);
    let at = start;
    while (at < end) {
      const offset = at % BLOCK_BYTES;
      const piece = this.block(Math.floor(at / BLOCK_BYTES)).subarray(offset, offset + end - at);
      copy.set(piece, at - start);
      at += piece.length;
    }
    return copy;
  }

  /** The position of a byte from `start` on, or the length of the content when it does not come. */
  indexOf(byte: number, start: number): number {
    for (let index = Math.floor(start / BLOCK_BYTES); index < this.#blocks.length; index++) {
      const first = index * BLOCK_BYTES;
      const found = this.block(index).indexOf(byte, Math.max(0, start - first));
      if (found >= 0) return first + found;
    }
    return this.#length;
  }
}

/** The content of a text. */
export function toContent(text: string): Content {
  const content = new Content();
  content.append(new TextEncoder().encode(text));
  return content.close();
}
