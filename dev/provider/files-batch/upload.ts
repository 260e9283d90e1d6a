// Reads an upload: the fields of a form, and the content of its file.
import type { Context } from "hono";
import type { Env } from "../kernel/env.ts";
import { invalidRequest, ProviderError } from "../kernel/errors.ts";
import { invalidForm } from "../kernel/form.ts";
import { Content } from "./content.ts";
import { readMultipart } from "./multipart.ts";

const MAX_FILE_BYTES = 512 * 1024 * 1024;
const MAX_FIELD_BYTES = 4096;

export interface Upload {
  fields: Map<string, string>;
  file: { name: string; content: Content } | undefined;
}

/** Reads the form of a request. Throws a 400 for a body that is not a complete form, or a file that is too large. */
export async function readUpload(c: Context<Env>): Promise<Upload> {
  const boundary = /^multipart\/form-data;.*boundary="?([^";]+)/i.exec(c.req.header("content-type") ?? "")?.[1];
  const { body } = c.req.raw;
  if (boundary === undefined || !body) throw invalidForm();
  const upload: Upload = { fields: new Map(), file: undefined };
  const texts = new Map<string, Content>();
  let received = 0;
  const isComplete = await readMultipart(body, boundary, (headers) => {
    const name = parameterOf(headers, "name") ?? "";
    const filename = parameterOf(headers, "filename");
    const content = new Content();
    if (filename === undefined) texts.set(name, content);
    else if (name === "file") upload.file = { name: filename, content };
    const most = filename === undefined ? MAX_FIELD_BYTES : MAX_FILE_BYTES;
    return (bytes) => {
      received += bytes.length;
      if (content.length + bytes.length > most) throw tooLarge();
      content.append(bytes);
    };
  }).catch((error: unknown) => {
    if (error instanceof ProviderError) throw error;
    // The stream has failed, because the caller has broken off.
    return false;
  });
  for (const [name, text] of texts) upload.fields.set(name, new TextDecoder().decode(text.slice(0, text.length)));
  upload.file?.content.close();
  const file = upload.file && { name: upload.file.name, size: upload.file.content.length };
  c.var.exchange.countBody(received, { ...Object.fromEntries(upload.fields), file });
  if (!isComplete) throw invalidForm();
  return upload;
}

/** A parameter of the header `content-disposition`. */
function parameterOf(headers: string, name: string): string | undefined {
  const disposition = /^content-disposition:(.*)$/im.exec(headers)?.[1] ?? "";
  const value = new RegExp(`;\\s*${name}="((?:\\\\.|[^"\\\\])*)"`, "i").exec(disposition)?.[1];
  return value?.replaceAll(/\\(["\\])/g, "$1").replaceAll("%22", '"');
}

function tooLarge(): ProviderError {
  return invalidRequest("The file is too large. The maximum size is 512 MB.", "file", null, 413);
}
