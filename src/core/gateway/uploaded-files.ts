// Files that users have uploaded to a provider, for requests that name them. A feature finds them.

import type { Need } from "../catalog/support.ts";
import { apiError } from "../errors.ts";
import type { Caller } from "./call.ts";

/** An uploaded file of the caller. */
export interface UploadedFile {
  id: string;
  /** The provider that has it, by its name in the catalog. */
  provider: string;
  purpose: string;
  bytes: number;
}

/**
 * Finds the caller's files, in the order of the ids. Throws 404 `not_found` that names `param`, in the same words for a
 * missing file and for a file of another user.
 */
export type FindFiles = (caller: Caller, ids: string[], param: string) => Promise<UploadedFile[]>;

let installed: FindFiles | undefined;

/** Installs the search for all later requests. */
export function installFiles(find: FindFiles | undefined): void {
  installed = find;
}

/** Returns the caller's files. Throws as FindFiles does, and 400 `unsupported_value` where users cannot upload files. */
export const findFiles: FindFiles = async (caller, ids, param) => {
  if (ids.length === 0) return [];
  if (installed) return installed(caller, ids, param);
  throw apiError("unsupported_value", `Files are not offered here. Send the content in place of '${param}'.`, {
    param,
  });
};

/** The field that names a file in an input. Errors name it, wherever it is. */
export const FILE_PARAM = "file_id";

/** The needs of a request that names these files: the model's provider has them. */
export function fileNeeds(files: UploadedFile[]): Need[] {
  return [...new Set(files.map(({ provider }) => provider))].map((provider) => ({
    kind: "fact",
    param: FILE_PARAM,
    title: `files of the provider '${provider}'`,
    isMetBy: (card) => card.provider === provider,
  }));
}

/** The refusal of files in a line of a batch. They are not looked up there. */
export const noFilesInLines = () =>
  apiError("unsupported_value", `A line of a batch cannot name a file. Send the content in place of '${FILE_PARAM}'.`, {
    param: FILE_PARAM,
  });
