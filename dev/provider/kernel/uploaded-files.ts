// Uploaded files as the input of a model. A feature stores them.
import type { Context } from "hono";
import { type Env, now } from "./env.ts";
import { invalidRequest } from "./errors.ts";

interface UploadedFile {
  id: string;
  bytes: number;
  purpose: string;
}

/** Returns undefined for an unknown file, and for one that has expired by then. */
export type FindFile = (id: string, moment: Date) => UploadedFile | undefined;

/** Counts the input tokens of a file. Throws OpenAI's 404 that names `param` when the file does not exist. */
export type CountFile = (id: string, param: string) => number;

const BYTES_PER_TOKEN = 4;
const TOKENS_PER_FILE = 100;

/** Creates the counter of a request. */
export function fileCounter(c: Context<Env>): CountFile {
  return (id, param) => {
    const file = c.var.findFile?.(id, now(c.env));
    if (file) return Math.ceil(file.bytes / BYTES_PER_TOKEN) + TOKENS_PER_FILE;
    throw invalidRequest(`Files [${id}] were not found.`, param, null, 404);
  };
}
