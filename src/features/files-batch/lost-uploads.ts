// Deletes files of uploads whose request was lost, so that no file stays at the provider without an owner's entry.

import type { Catalog, Provider } from "../../core/catalog/schema.ts";
import { entry } from "../../core/catalog/schema.ts";
import { activeCatalog } from "../../core/catalog/store.ts";
import { toLogged } from "../../core/log.ts";
import { deleteProviderFile, listProviderFiles } from "./provider-files.ts";
import { stampOf } from "./stamp.ts";
import type { Upload } from "./stored-files.ts";
import type { WatchContext } from "./watch.ts";

/** After this time, the request of an upload that has not ended is lost. */
export const LOST_UPLOAD_MS = 3_600_000;

/** The pause after a search that failed. */
const AFTER_FAILURE_MS = 300_000;

/** The clocks of Weir and of the provider may differ by this. */
const CLOCK_SKEW_S = 300;

const MAX_PAGES = 20;

/**
 * Deletes what lost uploads have left at the provider, at `now` (epoch ms). Returns the time of the next search, if one
 * is needed. Never rejects: a failure is logged.
 */
export async function deleteLostUploads(context: WatchContext, now: number): Promise<number | undefined> {
  const { env, waitUntil, files } = context;
  const lost = files.uploadsBefore(now - LOST_UPLOAD_MS);
  try {
    if (lost.length > 0) {
      const { catalog } = await activeCatalog(env.CATALOG, now, waitUntil);
      await deleteUploads(context, catalog, lost);
    }
  } catch (error) {
    console.error(JSON.stringify({ event: "upload_not_deleted", reason: toLogged(error) }));
    return now + AFTER_FAILURE_MS;
  }
  const beganAt = files.firstUpload();
  return beganAt && beganAt + LOST_UPLOAD_MS;
}

/** Ends uploads, and deletes what they have left at the provider. Throws when the provider fails. */
export async function deleteUploads(context: WatchContext, catalog: Catalog, uploads: Upload[]): Promise<void> {
  const { env, files } = context;
  for (const upload of uploads) {
    const provider = entry(catalog.providers, upload.provider);
    const id = provider && (await findFile(context, provider, upload));
    if (provider && id !== undefined) await deleteProviderFile({ env, provider }, id);
    files.end(upload.id);
  }
}

/** Finds the file of an upload by its stamp; undefined when the provider has none. */
async function findFile({ env }: Pick<WatchContext, "env">, provider: Provider, { id, owner, beganAt }: Upload) {
  const stamp = stampOf(owner, id);
  let after: string | undefined;
  for (let page = 0; page < MAX_PAGES; page++) {
    const files = await listProviderFiles({ env, provider }, after);
    const found = files.find(({ filename }) => filename.startsWith(stamp));
    if (found) return found.id;
    const last = files.at(-1);
    if (!last || last.created_at < beganAt / 1000 - CLOCK_SKEW_S) return undefined;
    after = last.id;
  }
  return undefined;
}
