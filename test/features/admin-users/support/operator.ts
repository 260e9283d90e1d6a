// An operator who reads and changes a user.

import { asAdmin } from "../../../support/admin.ts";
import { createCatalogOf } from "../../../support/catalog.ts";
import { useCatalog } from "../../../support/workerd.ts";

/** The body of GET /admin/users/:id. */
export interface Described {
  plan: { stored: string | null; shown: string };
  blocked: boolean;
  tokens_revoked_before: string | null;
  windows: { unit: string; per: string; limit: number; used: number; reserved: number; left: number }[];
  leases: { running: number; allowed: number };
  jobs: { kind: string; id: string | null; since: string; ends_at: string; [field: string]: unknown }[];
  changes: Record<string, unknown>[];
}

/** Puts a catalog with small monthly windows in force: 10,000 tokens, 2 requests and 1 dollar. */
export function useSmallWindows(): Promise<string> {
  const windows = [
    { unit: "tokens", per: "month", limit: 10_000 },
    { unit: "requests", per: "month", limit: 2 },
    { unit: "usd", per: "month", limit: 1 },
  ] as const;
  return useCatalog(createCatalogOf({ windows: [...windows] }));
}

export const pathOf = (subject: string, issuer = "weir") =>
  `/admin/users/${encodeURIComponent(`${issuer}|${subject}`)}`;

/** Makes a change and returns the user's description. Throws when it fails. */
export async function change(subject: string, request: Record<string, unknown>): Promise<Described> {
  const response = await tryChange(subject, request);
  if (response.status !== 201) throw new Error(`${response.status}: ${await response.text()}`);
  return (await response.json()) as Described;
}

/** Sends a change, with a default reason. */
export function tryChange(subject: string, request: Record<string, unknown>): Promise<Response> {
  const body = JSON.stringify({ reason: "a test", ...request });
  return asAdmin(`${pathOf(subject)}/changes`, { method: "POST", body });
}

export async function describeUser(subject: string): Promise<Described> {
  return (await (await asAdmin(pathOf(subject))).json()) as Described;
}

export const windowOf = ({ windows }: Pick<Described, "windows">, unit: string) =>
  windows.find((window) => window.unit === unit);
