// The boxes of an MP4 file: their walk, and the search for their names.

import { bytesOf, dataViewOf, findBytes } from "./audio-bytes.ts";
import { refuseAudio } from "./unmeasurable.ts";

/** Recordings have about ten. The limit bounds the time and memory of hostile files. */
const MAX_BOXES = 500;

/** The bytes of a box after its header, or of the whole file. */
export interface BoxRange {
  start: number;
  end: number;
}

/** Yields the boxes of a range, ISO 14496-12 section 4.2. The last may end beyond the file. */
export function* boxesOf(view: DataView, { start, end }: BoxRange): Generator<BoxRange & { type: number }> {
  for (let at = start, boxes = 0; at + 8 <= end; boxes++) {
    if (boxes > MAX_BOXES) refuseAudio(`it has more than ${MAX_BOXES} boxes in a row`);
    let size = view.getUint32(at);
    let header = 8;
    if (size === 1) {
      size = view.getUint32(at + 8) * 2 ** 32 + view.getUint32(at + 12);
      header = 16;
    } else if (size === 0) {
      size = end - at;
    }
    if (size < header) refuseAudio("a box has an invalid size");
    yield { type: view.getUint32(at + 4), start: at + header, end: Math.min(at + size, end) };
    at += size;
  }
}

/** Returns all offsets of a name. A decoder can find a box of that name at no other offset, at any depth. */
export function placesOf(bytes: Uint8Array, { start, end }: BoxRange, name: string): number[] {
  const range = bytes.subarray(start, end);
  const letters = bytesOf(name);
  const places: number[] = [];
  for (let at = findBytes(range, letters); at >= 0; at = findBytes(range, letters, at + 1)) {
    if (places.length === MAX_BOXES) refuseAudio(`it has more than ${MAX_BOXES} boxes ${name}`);
    places.push(start + at);
  }
  return places;
}

/** Returns the only box of a name, at any depth. Throws when there are several: decoders take different ones. */
export function onlyBox(bytes: Uint8Array, range: BoxRange, name: string): BoxRange {
  const [place, another] = placesOf(bytes, range, name);
  if (place === undefined) return refuseAudio(`it lacks the box ${name}`);
  if (another !== undefined) refuseAudio(`it repeats the box ${name}`);
  const end = place - 4 + dataViewOf(bytes).getUint32(place - 4);
  if (end > range.end) refuseAudio(`its box ${name} is cut off`);
  return { start: place + 4, end };
}
