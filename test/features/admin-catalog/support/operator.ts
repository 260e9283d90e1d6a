// An operator who publishes over /admin/catalog, and reads the publication.

import type { HistoryEntry } from "../../../../dev/admin-catalog/client.ts";
import type { Pointer } from "../../../../src/core/catalog/pointer.ts";
import { asAdmin } from "../../../support/admin.ts";
import { createCatalog } from "../../../support/catalog.ts";
import { bindings, send } from "../../../support/workerd.ts";

/** The body of GET /admin/catalog, and of every change with its revision. */
export interface Publication {
  revision: string;
  active: string;
  previous: string | null;
  canary: { revision: string; percent: number } | null;
  published_at: string | null;
  seen_everywhere_by: string | null;
  history: HistoryEntry[];
}

/** The tests' catalog, different for each number. */
export const edition = (number: number) => ({ ...createCatalog(), min_output_tokens: number });

export function tryPut(document: unknown, query: Record<string, string> = {}): Promise<Response> {
  const words = new URLSearchParams(query).toString();
  return asAdmin(`/admin/catalog?${words}`, { method: "PUT", body: JSON.stringify(document) });
}

/** Stores and activates a document, unless `query` says otherwise. Throws when it fails. */
export const put = async (document: unknown, query?: Record<string, string>) =>
  published(await tryPut(document, query), 201);

export function tryMove(kind: "activate" | "canary" | "rollback", body: Record<string, unknown> = {}) {
  return asAdmin(`/admin/catalog/${kind}`, { method: "POST", body: JSON.stringify(body) });
}

/** Moves the pointer. Throws when it fails. */
export const move = async (...request: Parameters<typeof tryMove>) => published(await tryMove(...request), 200);

export async function list(): Promise<Publication> {
  return published(await asAdmin("/admin/catalog"), 200);
}

/** The pointer in KV; null when there is none. */
export const pointerInKv = () => bindings.CATALOG.get<Pointer>("catalog:current", "json");

export const publisher = () => bindings.CATALOG_PUBLISHER.getByName("catalog");

/** The revision of requests outside a canary. */
export async function revisionInUse(): Promise<string> {
  const health: { revision: string } = await (await send("/healthz")).json();
  return health.revision;
}

async function published(response: Response, status: number): Promise<Publication> {
  if (response.status !== status) throw new Error(`${response.status}: ${await response.text()}`);
  return (await response.json()) as Publication;
}
