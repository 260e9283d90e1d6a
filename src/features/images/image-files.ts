// The image files of a form: their format by their first bytes, and data URLs for moderation.

import { apiError } from "../../core/errors.ts";
import type { Form, FormPart } from "../../core/http/multipart.ts";
import { MAX_INPUT_IMAGES } from "./request.ts";

const FILE_FIELDS = new Set(["image", "image[]", "mask"]);

/** The most bytes of the moderated images of a request. Their base64 and its requests take four times as much. */
const MAX_MODERATED_BYTES = 8 * 1024 * 1024;
/** A multiple of 3, so that pieces of base64 can be joined. */
const BASE64_PIECE_BYTES = 24_576;

export interface ImageFile {
  /** A media type. */
  type: string;
  bytes: Uint8Array;
}

export interface ImageFiles {
  images: ImageFile[];
  hasMask: boolean;
}

/**
 * Returns the files of a form. Throws 400 for a file in another field, for no image or more than 16, and
 * `unsupported_format` when the first bytes of a file are not those of its declared format: png, jpeg or webp.
 */
export function imageFilesOf({ bytes, parts }: Form): ImageFiles {
  const images: ImageFile[] = [];
  let hasMask = false;
  for (const part of parts) {
    if (part.filename === undefined && !FILE_FIELDS.has(part.name)) continue;
    const file = readImageFile(part, bytes.subarray(part.start, part.end));
    if (part.name === "mask") hasMask = true;
    else images.push(file);
  }
  const count = images.length;
  if (count > 0 && count <= MAX_INPUT_IMAGES) return { images, hasMask };
  const fault = count === 0 ? "is required" : `has ${count} files`;
  const message = `'image' ${fault}. Send 1 to ${MAX_INPUT_IMAGES} files, several as 'image[]'.`;
  throw apiError("invalid_request", message, { param: "image" });
}

function readImageFile({ name: param, filename, contentType }: FormPart, bytes: Uint8Array): ImageFile {
  if (!FILE_FIELDS.has(param)) {
    throw apiError("unsupported_parameter", `'${param}' takes no file here. Leave it out.`, { param });
  }
  if (filename === undefined) throw apiError("invalid_request", `'${param}' must be a file.`, { param });
  const type = imageTypeOf(bytes);
  const formats = param === "mask" ? ["image/png"] : ["image/png", "image/jpeg", "image/webp"];
  if (type === undefined || !formats.includes(type)) {
    const message = `The file '${param}' is not one of: ${formats.join(", ")}. Convert it first.`;
    throw apiError("unsupported_format", message, { param });
  }
  const declared = contentType?.split(";")[0]?.trim().toLowerCase().replace("/jpg", "/jpeg") || type;
  if (declared !== type && declared !== "application/octet-stream") {
    const message = `The file '${param}' is ${type}, but its part says ${declared}. Correct its content-type.`;
    throw apiError("unsupported_format", message, { param });
  }
  return { type, bytes };
}

/** The media type by the first bytes; undefined for other formats. */
function imageTypeOf(bytes: Uint8Array): string | undefined {
  const start = String.fromCharCode(...bytes.subarray(0, 12));
  if (start.startsWith("\x89PNG\r\n\x1a\n")) return "image/png";
  if (start.startsWith("\xff\xd8\xff")) return "image/jpeg";
  return /^RIFF[^]{4}WEBP/.test(start) ? "image/webp" : undefined;
}

/** Returns the images as data URLs. Throws 400 `unsupported_value` when they are too large to be moderated. */
export function toDataUrls(images: ImageFile[]): string[] {
  if (images.reduce((sum, { bytes }) => sum + bytes.length, 0) > MAX_MODERATED_BYTES) {
    const most = `${MAX_MODERATED_BYTES / 1024 / 1024} MB`;
    const message = `The images of a moderated request can have at most ${most} together. Send smaller ones.`;
    throw apiError("unsupported_value", message, { param: "image" });
  }
  return images.map(({ type, bytes }) => `data:${type};base64,${toBase64(bytes)}`);
}

function toBase64(bytes: Uint8Array): string {
  let text = "";
  for (let from = 0; from < bytes.length; from += BASE64_PIECE_BYTES) {
    text += btoa(String.fromCharCode(...bytes.subarray(from, from + BASE64_PIECE_BYTES)));
  }
  return text;
}
