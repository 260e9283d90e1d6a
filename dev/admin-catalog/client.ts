// The operator's side of /admin/catalog.

import { devVars } from "../secrets.ts";

export interface Publication {
  revision?: string;
  active: string;
  previous: string | null;
  canary: { revision: string; percent: number } | null;
  published_at: string | null;
  seen_everywhere_by: string | null;
  history: {
    at: string;
    kind: string;
    revision: string;
    percent?: number;
    author: string | null;
    note: string | null;
  }[];
}

export interface Notices {
  checked_at: string | null;
  notices: { kind: string; message: string }[];
}

/** What went wrong, in words for the person at the terminal. */
export class Refused extends Error {}

/** Whether a URL is of this machine: there the token of .dev.vars opens /admin. */
export const isLocal = (url: string): boolean =>
  ["127.0.0.1", "localhost", "[::1]"].includes(URL.parse(url)?.hostname ?? "");

/** Sends requests to /admin/catalog of the Weir at `url`. Every failure is thrown as Refused. */
export function createClient(url: string) {
  if (!isLocal(url) && URL.parse(url)?.protocol === "http:") {
    throw new Refused("The admin token goes over https only, except on this machine.");
  }
  if (!/^https?:/.test(url)) throw new Refused(`'${url}' is not a URL, such as https://weir.example.com.`);
  const token = process.env.WEIR_ADMIN_TOKEN || (isLocal(url) ? devVars().ADMIN_TOKEN : undefined);
  if (!token) throw new Refused("Set WEIR_ADMIN_TOKEN to the Worker's ADMIN_TOKEN.");
  return async <Answer>(method: string, path = "", body?: unknown): Promise<Answer> => {
    const response = await fetch(new URL(`/admin/catalog${path}`, url), {
      method,
      headers: { authorization: `Bearer ${token}` },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    }).catch(() => {
      const advice = " Is `npm run dev` running? For another port: --url http://127.0.0.1:8790";
      throw new Refused(`Nothing answers at ${url}.${isLocal(url) ? advice : ""}`);
    });
    const answer: unknown = await response.json().catch(() => undefined);
    if (response.ok) return answer as Answer;
    if (response.status === 401)
      throw new Refused(`${url} refused the admin token. Is WEIR_ADMIN_TOKEN its ADMIN_TOKEN?`);
    const { error } = (answer ?? {}) as { error?: { message: string } };
    throw new Refused(error?.message ?? `${url} answered ${response.status}. Is it a Weir?`);
  };
}
