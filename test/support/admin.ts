// The operator of the Worker under test: reads a user and changes it, with the token of worker-options.ts.

import { bindings, send } from "./workerd.ts";

/** What /admin/users/:id says. */
export interface Described {
  plan: { stored: string | null; shown: string };
  blocked: boolean;
  tokens_revoked_before: string | null;
  windows: { unit: string; per: string; limit: number; used: number; reserved: number; left: number }[];
  leases: { running: number; allowed: number };
  changes: Record<string, unknown>[];
}

export const pathOf = (subject: string, issuer = "weir") =>
  `/admin/users/${encodeURIComponent(`${issuer}|${subject}`)}`;

/** Sends a request as the operator. */
export function asAdmin(path: string, init: RequestInit = {}): Promise<Response> {
  return send(path, { ...init, headers: { authorization: `Bearer ${bindings.ADMIN_TOKEN}` } });
}

/** Makes a change, which must succeed, and gives what is said of the user afterwards. */
export async function change(subject: string, request: Record<string, unknown>): Promise<Described> {
  const response = await tryChange(subject, request);
  if (response.status !== 201) throw new Error(`${response.status}: ${await response.text()}`);
  return (await response.json()) as Described;
}

/** Sends a change, with a reason where it has none. */
export function tryChange(subject: string, request: Record<string, unknown>): Promise<Response> {
  const body = JSON.stringify({ reason: "a test", ...request });
  return asAdmin(`${pathOf(subject)}/changes`, { method: "POST", body });
}

export async function describeUser(subject: string): Promise<Described> {
  return (await (await asAdmin(pathOf(subject))).json()) as Described;
}
