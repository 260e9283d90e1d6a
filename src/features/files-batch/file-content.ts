// GET /v1/files/:id/content: the provider's bytes as they come, under the name that the user gave.

import type { Caller } from "../../core/gateway/call.ts";
import { callProvider, contentTypeOf } from "../../core/gateway/provider.ts";
import { withDeadline } from "../../core/http/deadline.ts";
import { spendRequests } from "../../core/quota/spend.ts";
import { providerOf, requireOwnFile, requireStamped, withOwnNotFound } from "./own-files.ts";

/** Returns the content of the caller's file, streamed. Counts a request. Throws 404 `not_found`. */
export async function fileContent(caller: Caller, id: string): Promise<Response> {
  const file = await requireOwnFile(caller, id);
  const { objectName: owner } = await spendRequests(caller, 1);
  await requireStamped(caller, file, owner);
  const { env, catalog } = caller;
  const response = await withOwnNotFound(id, () =>
    withDeadline(catalog.timing.first_byte_ms, (signal) =>
      callProvider(env, providerOf(caller, file), { path: `/files/${id}/content` }, signal),
    ),
  );
  const length = response.headers.get("content-length");
  const isCompressed = response.headers.has("content-encoding");
  return new Response(response.body, {
    headers: {
      "content-type": contentTypeOf(response),
      ...(length === null || isCompressed ? {} : { "content-length": length }),
      "content-disposition": toDisposition(file.filename),
      "cache-control": "no-store",
      // A page that a user has uploaded must not run as a page of this origin.
      "x-content-type-options": "nosniff",
    },
  });
}

/** Writes the header with the name in ASCII, and in UTF-8 where they differ (RFC 6266). */
function toDisposition(filename: string): string {
  const plain = filename.replaceAll(/[^\x20-\x7e]|["\\%]/g, "_");
  const encoded = encodeURIComponent(filename).replaceAll(/['()*]/g, (c) => `%${c.charCodeAt(0).toString(16)}`);
  return `attachment; filename="${plain}"${plain === filename ? "" : `; filename*=UTF-8''${encoded}`}`;
}
