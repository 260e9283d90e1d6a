// Deletes the files and cancels the jobs of a user at the provider.

import { entry } from "../../core/catalog/schema.ts";
import { activeCatalog } from "../../core/catalog/store.ts";
import { deleteUploads } from "./lost-uploads.ts";
import { deleteProviderFile } from "./provider-files.ts";
import type { WatchContext } from "./watch.ts";
import { placeOf } from "./watch.ts";

const CANCEL_MS = 30_000;

/**
 * Cancels the jobs that are not settled, and deletes all files. Throws when the provider fails: repeat it then. A job
 * that goes on at the provider is charged in full to the budget, when its reservation expires.
 */
export async function deleteAtProvider(context: WatchContext): Promise<void> {
  const { env, waitUntil, jobs, files } = context;
  const { catalog } = await activeCatalog(env.CATALOG, Date.now(), waitUntil);
  for (const job of jobs.unsettled()) {
    const { kind, provider } = placeOf(catalog, job);
    const place = { env, provider, signal: AbortSignal.timeout(CANCEL_MS) };
    const id = job.id ?? (await kind.find(place, job));
    if (id !== undefined) await kind.cancel(place, id);
    jobs.remove(job.key);
  }
  await deleteUploads(context, catalog, files.uploadsBefore(Infinity));
  for (const file of files.all()) {
    const provider = entry(catalog.providers, file.provider);
    if (provider) await deleteProviderFile({ env, provider }, file.id);
    files.remove(file.id);
  }
}
