// Deletes files of uploads whose request was lost, so that no file stays at the provider without an owner's entry.

import type { Provider } from "../../core/catalog/schema.ts";
import { entry } from "../../core/catalog/schema.ts";
import { activeCatalog } from "../../core/catalog/store.ts";
import { toLogged } from "../../core/log.ts";
import { deleteProviderFile, listProviderFiles } from "./provider-files.ts";
import { stampOf } from "./stamp.ts";
import type { Upload } from "./stored-files.ts";
import type { WatchContext } from "./watch.ts";

/** After this time, the request of an upload that has not ended is lost. */
export const LOST_UPLOAD_MS = 3_600_000;

/** The clocks of Weir and of the provider may differ by this. */
const CLOCK_SKEW_S = 300;

const MAX_PAGES = 20;

/**
 * Deletes what lost uploads have left at the provider, at `now` (epoch ms). Never rejects: a failure is logged, and the
 * next alarm tries again.
 */
export async function deleteLostUploads(context: WatchContext, now: number): Promise<void> {
  const { env, waitUntil, files } = context;
  const lost = files.uploadsBefore(now - LOST_UPLOAD_MS);
  if (lost.length === 0) return;
  try {
    const { catalog } = await activeCatalog(env.CATALOG, now, waitUntil);
    for (const upload of lost) {
      const provider = entry(catalog.providers, upload.provider);
      const id = provider && (await findFile(context, provider, upload));
      if (provider && id !== undefined) await deleteProviderFile({ env, provider }, id);
      files.end(upload.id);
    }
  } catch (error) {
    console.error(JSON.stringify({ event: "upload_not_deleted", reason: toLogged(error) }));
  }
}

/** Finds the file of an upload by its stamp; undefined when the provider has none. */
async function findFile({ env }: WatchContext, provider: Provider, { id, owner, beganAt }: Upload) {
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
