// The stored content of a run: its events as text, in encrypted parts. Only the last part is written again.

import { concatBytes } from "../../core/relay/byte-buffers.ts";
import { createEventReader } from "../../core/relay/events.ts";
import type { RunEvent, RunLog } from "./log.ts";
import { readFrame, toFrame } from "./log.ts";
import type { Seal } from "./seal.ts";

/** Bytes of a full part. A stored value has at most 2 MB. */
const PART_BYTES = 262_144;

export interface PackedContent {
  /** Full parts that are not stored yet, by number. */
  newParts: [number, Uint8Array<ArrayBuffer>][];
  /** The number of full parts. */
  parts: number;
  /** The content after the full parts. */
  rest: Uint8Array<ArrayBuffer>;
}

const encoder = new TextEncoder();

export interface ContentPacker {
  /** Encrypts the events that are in no stored part. */
  pack(): Promise<PackedContent>;
  /** Call it when the result of `pack` is stored. */
  confirm(): void;
}

/** Creates the packer of a log. */
export function createContentPacker(log: RunLog, seal: Seal): ContentPacker {
  let packedEvents = 0;
  let parts = 0;
  /** The encoded events that are in no full part. */
  let rest = new Uint8Array(0);
  let newParts: PackedContent["newParts"] = [];
  const pack = async () => {
    const added = log.events.slice(packedEvents).map((event) => toFrame(event));
    packedEvents += added.length;
    rest = concatBytes([rest, encoder.encode(added.join(""))]);
    while (rest.length >= PART_BYTES) {
      newParts.push([parts, await seal.encrypt(parts, rest.slice(0, PART_BYTES))]);
      rest = rest.slice(PART_BYTES);
      parts += 1;
    }
    return { newParts, parts, rest: await seal.encrypt(parts, rest) };
  };
  return { pack, confirm: () => (newParts = []) };
}

/** Decrypts stored content. Returns undefined when it is damaged or a part is missing. */
export async function readContent(sealed: Uint8Array<ArrayBuffer>[], seal: Seal): Promise<RunEvent[] | undefined> {
  try {
    const parts = await Promise.all(sealed.map((part, index) => seal.decrypt(index, part)));
    return createEventReader()
      .read(concatBytes(parts))
      .flatMap(({ raw }) => readFrame(raw) ?? []);
  } catch {
    return undefined;
  }
}
