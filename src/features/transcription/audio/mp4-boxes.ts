// The boxes of an MP4 file, by walking them or by their names.

import { bytesOf, findBytes, refuseAudio } from "./unmeasurable.ts";

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
    if (boxes > MAX_BOXES) refuseAudio(`the MP4 file has more than ${MAX_BOXES} boxes in a row`);
    let size = view.getUint32(at);
    let header = 8;
    if (size === 1) {
      size = view.getUint32(at + 8) * 2 ** 32 + view.getUint32(at + 12);
      header = 16;
    } else if (size === 0) {
      size = end - at;
    }
    if (size < header) refuseAudio("a box of the MP4 file has an invalid size");
    yield { type: view.getUint32(at + 4), start: at + header, end: Math.min(at + size, end) };
    at += size;
  }
}

/** Returns where a name occurs. Readers find a box at no other places, however deep it is. */
export function placesOf(bytes: Uint8Array, { start, end }: BoxRange, name: string): number[] {
  const range = bytes.subarray(start, end);
  const letters = bytesOf(name);
  const places: number[] = [];
  for (let at = findBytes(range, letters); at >= 0; at = findBytes(range, letters, at + 1)) {
    if (places.length === MAX_BOXES) refuseAudio(`the MP4 file names more than ${MAX_BOXES} boxes ${name}`);
    places.push(start + at);
  }
  return places;
}

/** Returns the only box of a name, at any depth. Throws when there are several, because readers may take another. */
export function onlyBox(bytes: Uint8Array, view: DataView, range: BoxRange, name: string): BoxRange {
  const [place, another] = placesOf(bytes, range, name);
  if (place === undefined) return refuseAudio(`the MP4 file lacks the box ${name}`);
  if (another !== undefined) refuseAudio(`the MP4 file repeats the box ${name}`);
  const end = place - 4 + view.getUint32(place - 4);
  if (end > range.end) refuseAudio(`the box ${name} of the MP4 file is cut off`);
  return { start: place + 4, end };
}
