// One user of Weir as a test plays them: inside workerd or over a socket, in the same words.

import { repeatUntil } from "./repeat.ts";

export interface UsageWindow {
  unit: string;
  per: string;
  /** Cards that it counts, where it does not count all. */
  models?: string[];
  limit: number;
  used: number;
  reserved: number;
  left: number;
  reset_at: number;
}

/** What GET /usage says. */
export interface Usage {
  plan: string;
  windows: UsageWindow[];
  leases: { running: number; allowed: number };
  max_output_tokens: number;
}

/** What every error looks like. */
export interface ErrorEnvelope {
  error: { message: string; type: string; param: string | null; code: string | null };
}

/** The error that an answer carries, which must have exactly its four keys. */
export async function errorOf(response: Response): Promise<ErrorEnvelope["error"]> {
  const { error } = (await response.json()) as ErrorEnvelope;
  const keys = Object.keys(error).toSorted().join();
  if (keys !== "code,message,param,type") throw new Error(`not an error of the one envelope: ${keys}`);
  return error;
}

export type Caller = ReturnType<typeof createCaller>;

/** A user who holds `token`; `send` takes a path of Weir. */
export function createCaller(send: (path: string, init: RequestInit) => Promise<Response>, token: string) {
  const get = (path: string, init: RequestInit = {}) =>
    send(path, { ...init, headers: withToken(token, init.headers) });
  const post = (path: string, body: unknown, init: RequestInit = {}) =>
    get(path, { ...init, method: "POST", body: typeof body === "string" ? body : JSON.stringify(body) });
  const usage = async () => (await (await get("/usage")).json()) as Usage;
  /** What is used once no request of this user runs any more; settling may end after the answer has. */
  const settled = async () => spentOf(await repeatUntil(usage, ({ leases }) => leases.running === 0));
  return { token, get, post, usage, settled };
}

/** Tokens and requests that are used up, and that nothing is reserved besides. */
export function spentOf({ windows }: Usage): { tokens: number; requests: number; reserved: number } {
  const sum = (unit: string) => windows.find((window) => window.unit === unit)?.used ?? 0;
  const reserved = windows.reduce((total, window) => total + window.reserved, 0);
  return { tokens: sum("tokens"), requests: sum("requests"), reserved };
}

/** Dollars that are used up of the window that counts them; NaN where the plan has none. */
export function dollarsOf({ windows }: Usage): number {
  return windows.find(({ unit }) => unit === "usd")?.used ?? NaN;
}

function withToken(token: string, headers: RequestInit["headers"]): Headers {
  const complete = new Headers(headers);
  complete.set("authorization", `Bearer ${token}`);
  return complete;
}
