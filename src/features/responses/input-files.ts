// Files in the input of a request: their owner, and the bound of what the model reads in them.

import type { Need } from "../../core/catalog/support.ts";
import { apiError } from "../../core/errors.ts";
import type { Caller } from "../../core/gateway/call.ts";
import type { UploadedFile } from "../../core/gateway/uploaded-files.ts";
import { FILE_PARAM, fileNeeds, findFiles, noFilesInLines } from "../../core/gateway/uploaded-files.ts";
import { contentParts } from "../../dialects/responses/body.ts";
import type { ResponsesRequest } from "../../dialects/responses/request.ts";
import type { AcceptedRequest } from "./exchange.ts";

/** Different files in one request. */
const MAX_FILES = 100;

interface InputFiles {
  found: UploadedFile[];
  /** Parts that show a file as an image. */
  images: number;
  /** Parts with another file, such as a PDF. */
  documents: number;
}

/** The parts of a request that name a file, including those in tool outputs. */
function filePartsOf(request: ResponsesRequest): { type: string; id: string }[] {
  return contentParts(request).flatMap(({ type, file_id: id }) => (typeof id === "string" ? [{ type, id }] : []));
}

/** Finds the files of a request. Throws the errors of `findFiles`, and 400 when it names too many. */
export async function findInputFiles(caller: Caller, request: ResponsesRequest): Promise<InputFiles> {
  const parts = filePartsOf(request);
  const ids = [...new Set(parts.map(({ id }) => id))];
  if (ids.length > MAX_FILES) {
    const message = `'input' names ${ids.length} files. It can name at most ${MAX_FILES}.`;
    throw apiError("invalid_request", message, { param: "input" });
  }
  const images = parts.filter(({ type }) => type === "input_image").length;
  return { found: await findFiles(caller, ids, FILE_PARAM), images, documents: parts.length - images };
}

/** Throws 400 `unsupported_value` when a line of a batch names a file. */
export function refuseInputFiles(request: ResponsesRequest): void {
  if (filePartsOf(request).length > 0) throw noFilesInLines();
}

/** Adds the files to the needs and the bound of an accepted request. Moderation cannot read them. */
export function withInputFiles<Accepted extends AcceptedRequest>(accepted: Accepted, files: InputFiles): Accepted {
  if (files.found.length === 0) return accepted;
  return {
    ...accepted,
    body(model, catalog) {
      const body = accepted.body(model, catalog);
      const { needs, demand, subject } = body;
      return {
        ...body,
        needs: [...needs, ...needsOf(files)],
        demand: {
          ...demand,
          images: demand.images + files.images,
          // Nothing in a request bounds the pages of a document.
          needsCount: demand.needsCount === true || files.documents > 0,
        },
        subject: Object.assign(subject, { unreadable: FILE_PARAM }),
      };
    },
  };
}

function needsOf({ found, images, documents }: InputFiles): Need[] {
  const param = FILE_PARAM;
  const needs = fileNeeds(found);
  if (images > 0) needs.push({ kind: "input", modality: "image", param });
  if (documents > 0) needs.push({ kind: "feature", feature: "file_uploads", param }, { kind: "count", param });
  return needs;
}
