// The operator of the catalog of the Worker under test: publishes over /admin/catalog and looks at what is there.

import { reset } from "cloudflare:test";
import type { Pointer } from "../../src/core/catalog/pointer.ts";
import { forgetCatalog } from "../../src/core/catalog/store.ts";
import { asAdmin } from "./admin.ts";
import { createCatalog } from "./catalog.ts";
import { bindings } from "./workerd.ts";

export interface HistoryEntry {
  at: string;
  kind: string;
  revision: string;
  percent?: number;
  author: string | null;
  note: string | null;
}

/** What GET /admin/catalog says, and every change with the revision that it was about. */
export interface Publication {
  revision: string;
  active: string;
  previous: string | null;
  canary: { revision: string; percent: number } | null;
  published_at: string | null;
  seen_everywhere_by: string | null;
  history: HistoryEntry[];
}

/** The tests' catalog, one of as many different ones as are needed. */
export const edition = (number: number) => ({ ...createCatalog(), min_output_tokens: number });

/** Nothing published, nothing remembered, nothing held: as after the first deployment. */
export async function startAnew(): Promise<void> {
  await reset();
  forgetCatalog();
}

export function tryPut(document: unknown, query: Record<string, string> = {}): Promise<Response> {
  const words = new URLSearchParams(query).toString();
  return asAdmin(`/admin/catalog?${words}`, { method: "PUT", body: JSON.stringify(document) });
}

/** Stores a document, which must succeed, and activates it unless `query` says otherwise. */
export const put = async (document: unknown, query?: Record<string, string>) =>
  published(await tryPut(document, query), 201);

export function tryMove(kind: "activate" | "canary" | "rollback", body: Record<string, unknown> = {}) {
  return asAdmin(`/admin/catalog/${kind}`, { method: "POST", body: JSON.stringify(body) });
}

/** Moves the pointer, which must succeed. */
export const move = async (...request: Parameters<typeof tryMove>) => published(await tryMove(...request), 200);

export async function list(): Promise<Publication> {
  return published(await asAdmin("/admin/catalog"), 200);
}

/** The pointer as KV has it; null when there is none. */
export const pointerInKv = () => bindings.CATALOG.get<Pointer>("catalog:current", "json");

export const publisher = () => bindings.CATALOG_PUBLISHER.getByName("catalog");

async function published(response: Response, status: number): Promise<Publication> {
  if (response.status !== status) throw new Error(`${response.status}: ${await response.text()}`);
  return (await response.json()) as Publication;
}
