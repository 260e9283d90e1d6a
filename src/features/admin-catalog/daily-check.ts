// The daily model check: compares each provider's model list with the catalog and stores notices.

import { findNotices } from "./notices.ts";
import type { Notices } from "./notices.ts";
import { callPublisher } from "./publisher-client.ts";
import { toDay } from "../../core/catalog/resolve.ts";
import { activeCatalog } from "../../core/catalog/store.ts";
import type { Bindings } from "../../core/env.ts";
import { toApiError } from "../../core/errors.ts";
import { toLogged } from "../../core/log.ts";
import type { ListedModel } from "../../core/gateway/provider.ts";
import { listModels } from "../../core/gateway/provider.ts";

/**
 * Runs the check at `now` (epoch ms). Stores the notices for GET /admin/catalog/notices, logs each of them, and returns
 * them. A provider whose list fails yields an `unreachable` notice. Throws 503 `catalog_unavailable`.
 */
export async function checkModels(
  env: Bindings,
  now: number,
  waitUntil: (work: Promise<unknown>) => void,
): Promise<Notices> {
  const { catalog } = await activeCatalog(env.CATALOG, now, waitUntil);
  const listing = Object.entries(catalog.providers).filter(([, provider]) => provider.lists_models);
  const listed = await Promise.all(
    listing.map(async ([name, provider]): Promise<[string, ListedModel[] | undefined]> => {
      try {
        return [name, await listModels(env, provider)];
      } catch (error) {
        const { cause } = toApiError(error);
        console.warn(JSON.stringify({ event: "models_not_listed", provider: name, reason: toLogged(cause) }));
        return [name, undefined];
      }
    }),
  );
  const notices: Notices = { checkedAt: now, notices: findNotices(catalog, new Map(listed), toDay(now)) };
  for (const notice of notices.notices) console.warn(JSON.stringify({ event: "catalog_notice", ...notice }));
  await callPublisher(env, (publisher) => publisher.storeNotices(notices));
  return notices;
}
