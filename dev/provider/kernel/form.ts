// Readers of multipart bodies, with the runtime's own parser.
import type { Context } from "hono";
import type { JsonObject } from "./body.ts";
import type { Env } from "./env.ts";
import { invalidRequest, type ProviderError } from "./errors.ts";

export interface FormBody {
  /** Text fields. A name that ends in `[]`, or that is sent more than once, has a list of texts. */
  fields: JsonObject;
  files: Map<string, File[]>;
}

/** Reads a form. Throws a 400 when it is not one. */
export async function readForm(c: Context<Env>): Promise<FormBody> {
  const form = await parseForm(await c.req.arrayBuffer(), c.req.header("content-type") ?? "");
  if (form) return form;
  throw invalidForm();
}

/** The error of a body that is not a complete form. */
export function invalidForm(): ProviderError {
  return invalidRequest("We could not parse the multipart form of your request.");
}

/** Parses a form; undefined when it is not one. */
export async function parseForm(body: ArrayBuffer, contentType: string): Promise<FormBody | undefined> {
  const form = await new Response(body, { headers: { "content-type": contentType } }).formData().catch(() => undefined);
  if (!form) return undefined;
  const fields: JsonObject = {};
  const files = new Map<string, File[]>();
  for (const name of new Set(form.keys())) {
    const values = form.getAll(name);
    const texts = values.filter((value) => typeof value === "string");
    if (texts.length > 0) fields[name] = name.endsWith("[]") || texts.length > 1 ? texts : texts[0];
    const sent = values.filter((value) => typeof value !== "string");
    if (sent.length > 0) files.set(name, sent);
  }
  return { fields, files };
}

/** A form for the statistics: its fields, and the name, type and size of each file. */
export function describeForm({ fields, files }: FormBody): JsonObject {
  const described = [...files].map(([name, list]) => [
    name,
    list.map((file) => ({ name: file.name, type: file.type, size: file.size })),
  ]);
  return { ...fields, ...Object.fromEntries(described) };
}
