// Readers of image requests: JSON, or a form whose files are passed on as they came.

import type { Caller } from "../../core/gateway/call.ts";
import { jsonBody } from "../../core/gateway/exchange.ts";
import type { UploadedFile } from "../../core/gateway/uploaded-files.ts";
import { FILE_PARAM, findFiles, noFilesInLines } from "../../core/gateway/uploaded-files.ts";
import { readBody, validate } from "../../core/http/json-body.ts";
import { fieldsOf, formBody, formPieces, readForm } from "../../core/http/multipart.ts";
import type { ImageRequest } from "./exchange.ts";
import { imageFilesOf, toDataUrls } from "./image-files.ts";
import type { ImageFields } from "./request.ts";
import { ImageEditForm, ImageEditRequest, ImageGenerationRequest } from "./request.ts";

/** The request of a route, as Hono has it. */
interface RawRequest {
  raw: Request;
}

/** Reads a request for new images. Throws 400 with the name of the invalid field, and 408, 413 and 415. */
export async function readImageGeneration(request: RawRequest): Promise<ImageRequest> {
  return toImageGeneration(await readBody(request, ImageGenerationRequest));
}

export const toImageGeneration = (fields: ImageFields): ImageRequest => ({
  endpoint: "image_generation",
  fields,
  images: 0,
  subject: { text: fields.prompt, images: [], param: "prompt" },
  write: (changes) => jsonBody(JSON.stringify({ ...fields, ...changes })),
});

/**
 * Reads a request to edit images, as JSON or as a form. Throws as `readImageGeneration`, 400 for the files of a form, and
 * the errors of `findFiles`.
 */
export async function readImageEdit(request: RawRequest, caller: Caller): Promise<ImageRequest> {
  const isForm = /^multipart\//i.test(request.raw.headers.get("content-type") ?? "");
  if (isForm) return readEditForm(request.raw);
  const body = await readBody(request, ImageEditRequest);
  return toImageEdit(body, await findFiles(caller, fileIdsOf(body), FILE_PARAM));
}

/** Reads the body of a line of a batch. Throws 400 with the name of the invalid field. */
export function readEditLine(line: unknown): ImageRequest {
  const body = validate(ImageEditRequest, line);
  if (fileIdsOf(body).length > 0) throw noFilesInLines();
  return toImageEdit(body, []);
}

const fileIdsOf = ({ images, mask }: ImageEditRequest): string[] =>
  [...images, mask].flatMap((picture) => (picture && "file_id" in picture ? [picture.file_id] : []));

function toImageEdit(body: ImageEditRequest, files: UploadedFile[]): ImageRequest {
  const { images, mask, ...fields } = body;
  const urls = images.flatMap((picture) => ("image_url" in picture ? [picture.image_url] : []));
  return {
    endpoint: "image_edit",
    fields,
    images: images.length + (mask ? 1 : 0),
    files,
    subject: {
      text: fields.prompt,
      images: urls,
      param: "prompt",
      ...(files.length > 0 && { unreadable: FILE_PARAM }),
    },
    write: (changes) => jsonBody(JSON.stringify({ ...body, ...changes })),
  };
}

async function readEditForm(request: Request): Promise<ImageRequest> {
  const form = await readForm(request);
  let { images, hasMask } = imageFilesOf(form);
  const sent = fieldsOf(form);
  const fields = validate(ImageEditForm, sent);
  let urls: string[] | undefined;
  return {
    endpoint: "image_edit",
    fields,
    images: images.length + (hasMask ? 1 : 0),
    subject: {
      text: fields.prompt,
      param: "prompt",
      /** Made only when the input is moderated. */
      get images() {
        return (urls ??= toDataUrls(images));
      },
    },
    write: (changes) => {
      const changed = Object.entries(changes).filter(([name, value]) => sent[name] !== value);
      return formBody(form, formPieces(form, Object.fromEntries(changed)));
    },
    release: () => {
      form.bytes = new Uint8Array(0);
      images = [];
      urls = undefined;
    },
  };
}
