// The HTTP client of /admin/catalog, for the catalog command.

import { devVars } from "../secrets.ts";

export interface HistoryEntry {
  at: string;
  kind: string;
  revision: string;
  percent?: number;
  author: string | null;
  note: string | null;
}

export interface Publication {
  revision?: string;
  /** Of a document that was stored. */
  warnings?: string[];
  active: string;
  previous: string | null;
  canary: { revision: string; percent: number } | null;
  published_at: string | null;
  seen_everywhere_by: string | null;
  history: HistoryEntry[];
}

export interface Notices {
  checked_at: string | null;
  notices: { kind: string; message: string }[];
}

/** A failure whose message is for the operator at the terminal. */
export class CommandFailed extends Error {}

/** Returns whether a URL is on this machine, where the ADMIN_TOKEN of .dev.vars is valid. */
export const isLocal = (url: string): boolean =>
  ["127.0.0.1", "localhost", "[::1]"].includes(URL.parse(url)?.hostname ?? "");

/** Creates a client for /admin/catalog of the Weir at `url`. Every failure is thrown as CommandFailed. */
export function createClient(url: string) {
  const { protocol } = URL.parse(url) ?? {};
  if (protocol !== "http:" && protocol !== "https:")
    throw new CommandFailed(`'${url}' is not a valid URL. Use one such as https://weir.example.com.`);
  if (!isLocal(url) && protocol === "http:")
    throw new CommandFailed(`The admin token must not be sent over http to ${url}. Use https.`);
  const token = process.env.WEIR_ADMIN_TOKEN || (isLocal(url) ? devVars().ADMIN_TOKEN : undefined);
  if (!token) throw new CommandFailed("There is no admin token. Set WEIR_ADMIN_TOKEN to the Worker's ADMIN_TOKEN.");
  return async <Answer>(method: string, path = "", body?: unknown): Promise<Answer> => {
    const response = await fetch(new URL(`/admin/catalog${path}`, url), {
      method,
      headers: { authorization: `Bearer ${token}` },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    }).catch(() => {
      const advice = " Is `npm run dev` running? For another port: --url http://127.0.0.1:8790";
      throw new CommandFailed(`Nothing answers at ${url}.${isLocal(url) ? advice : ""}`);
    });
    const answer: unknown = await response.json().catch(() => undefined);
    if (response.ok) return answer as Answer;
    if (response.status === 401) {
      throw new CommandFailed(`${url} refused the admin token. Set WEIR_ADMIN_TOKEN to its ADMIN_TOKEN.`);
    }
    const { error } = (answer ?? {}) as { error?: { message: string } };
    throw new CommandFailed(error?.message ?? `${url} answered ${response.status}. Check that it is a Weir.`);
  };
}
