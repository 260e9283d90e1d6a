// Image answers on the wire, in pieces: a large image is never held whole.
import type { Frames } from "../kernel/delivery/paced-stream.ts";
import type { JsonObject } from "../kernel/body.ts";
import { SERVER_ERROR } from "../kernel/faults.ts";
import type { ImageEndpoint } from "./request.ts";

/** Characters of base64 in one piece. */
const PIECE_LENGTH = 65_536;
const FILLER = "A".repeat(PIECE_LENGTH);

export interface ImageAnswer {
  endpoint: ImageEndpoint;
  png: Uint8Array;
  /** Bytes of each image. Zeros follow the PNG. */
  imageBytes: number;
  /** Epoch seconds. */
  created: number;
  width: number;
  height: number;
  quality: string;
  format: string;
  background: string;
  count: number;
  partialImages: number;
  /** Undefined when it is left out. */
  usage: JsonObject | undefined;
}

/** An answer as one JSON object. */
export function toWholeFrames(answer: ImageAnswer): Frames {
  const { created, count, usage } = answer;
  const images = Array.from({ length: count }, (_, index) =>
    wrap(imagePieces(answer), `${index > 0 ? "," : ""}{"b64_json":"`, '"}'),
  );
  const facts = { ...factsOf(answer), ...(usage && { usage }) };
  return {
    head: [`{"created":${created},"data":[`],
    ...piecesToTokens(images),
    tail: [`],${JSON.stringify(facts).slice(1)}`],
    failure: () => "",
  };
}

/** An answer as server-sent events: the partial images, then the complete one. */
export function toEventFrames(answer: ImageAnswer): Frames {
  const { endpoint, partialImages, usage } = answer;
  const event = (type: string, rest: JsonObject) =>
    wrap(
      imagePieces(answer),
      `event: ${type}\ndata: {"type":"${type}","b64_json":"`,
      `",${JSON.stringify({ created_at: answer.created, ...factsOf(answer), ...rest }).slice(1)}\n\n`,
    );
  const partial = Array.from({ length: partialImages }, (_, index) =>
    event(`${endpoint}.partial_image`, { partial_image_index: index }),
  );
  const events = [...partial, event(`${endpoint}.completed`, usage ? { usage } : {})];
  const failed = JSON.stringify({ type: "error", error: SERVER_ERROR });
  return {
    head: [],
    ...piecesToTokens(events),
    tail: [],
    failure: () => `event: error\ndata: ${failed}\n\n`,
  };
}

const factsOf = ({ background, format, quality, width, height }: ImageAnswer) => ({
  background: background === "auto" ? "opaque" : background,
  output_format: format,
  quality,
  size: `${width}x${height}`,
});

/** Text in pieces that are made when they are read. */
interface Pieces {
  count: number;
  piece: (index: number) => string;
}

/** The base64 of an image. */
function imagePieces({ png, imageBytes }: ImageAnswer): Pieces {
  const padded = new Uint8Array(Math.ceil(png.length / 3) * 3);
  padded.set(png);
  const start = btoa(String.fromCharCode(...padded));
  const fillerLength = Math.max(0, Math.ceil(imageBytes / 3) * 4 - start.length);
  const count = 1 + Math.ceil(fillerLength / PIECE_LENGTH);
  return {
    count,
    piece: (index) => (index === 0 ? start : FILLER.slice(0, fillerLength - (index - 1) * PIECE_LENGTH)),
  };
}

const wrap = ({ count, piece }: Pieces, before: string, after: string): Pieces => ({
  count,
  piece: (index) => `${index === 0 ? before : ""}${piece(index)}${index === count - 1 ? after : ""}`,
});

function piecesToTokens(parts: Pieces[]): Pick<Frames, "tokenCount" | "token"> {
  return {
    tokenCount: parts.reduce((sum, { count }) => sum + count, 0),
    token(position) {
      let index = position;
      for (const { count, piece } of parts) {
        if (index < count) return piece(index);
        index -= count;
      }
      return "";
    },
  };
}
