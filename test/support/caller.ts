// One user of Weir, inside workerd or over a socket.

import type { ErrorBody } from "../../src/core/errors.ts";
import { toUsd } from "../../src/core/quota/limits.ts";
import type { Limits, QuotaView } from "../../src/core/quota/view.ts";
import { repeatUntil } from "./repeat.ts";

export interface UsageWindow {
  unit: string;
  per: string;
  used: number;
  reserved: number;
  left: number;
}

/** A user's windows and leases. Dollars are in dollars. */
export interface Usage {
  windows: UsageWindow[];
  leases: { running: number; allowed: number };
}

/** The body of every error. */
export interface ErrorEnvelope {
  error: ErrorBody;
}

/** The error of a response. Throws if it has other keys than OpenAI's four; a 429 may have its three facts. */
export async function errorOf(response: Response): Promise<ErrorEnvelope["error"]> {
  const { error } = (await response.json()) as ErrorEnvelope;
  const facts = response.status === 429 ? ["window", "reset_at", "fits_plan"] : [];
  const keys = Object.keys(error)
    .filter((key) => !facts.includes(key))
    .toSorted()
    .join();
  if (keys !== "code,message,param,type") throw new Error(`not an error of the one envelope: ${keys}`);
  return error;
}

export type Caller = ReturnType<typeof createCaller>;
type Send = (path: string, init: RequestInit) => Promise<Response>;

/** A user who holds `token`. `send` takes a path of Weir. `readUsage` reads the user's quota; the default is GET /usage. */
export function createCaller(send: Send, token: string, readUsage?: () => Promise<Usage>) {
  const get = (path: string, init: RequestInit = {}) =>
    send(path, { ...init, headers: withToken(token, init.headers) });
  const post = (path: string, body: unknown, init: RequestInit = {}) =>
    get(path, { ...init, method: "POST", body: isSentAsItIs(body) ? body : JSON.stringify(body) });
  const usage = readUsage ?? (async () => (await (await get("/usage")).json()) as Usage);
  /** Use once no request of this user runs any more: a settlement may arrive after the response has ended. */
  const settled = async () => spentOf(await repeatUntil(usage, ({ leases }) => leases.running === 0));
  return { token, get, post, usage, settled };
}

const isSentAsItIs = (body: unknown) => typeof body === "string" || body instanceof FormData;

const toAmount = (unit: string, amount: number) => (unit === "usd" ? toUsd(amount) : amount);

/** The part of a user's object that tests read. */
export interface QuotaObject {
  inspect(limits: Limits): Promise<QuotaView>;
}

/** Reads a user's quota from the user's object, so that tests of a route need no other route. */
export function createQuotaReader(object: QuotaObject, limits: () => Limits): () => Promise<Usage> {
  return async () => {
    const { windows, leases } = await object.inspect(limits());
    return {
      leases,
      windows: windows.map(({ unit, per, used, reserved, left }) => ({
        unit,
        per,
        used: toAmount(unit, used),
        reserved: toAmount(unit, reserved),
        left: toAmount(unit, left),
      })),
    };
  };
}

/** Used tokens and requests, and everything that is reserved. */
export function spentOf({ windows }: Usage): { tokens: number; requests: number; reserved: number } {
  const used = (unit: string) => windows.find((window) => window.unit === unit)?.used ?? 0;
  const reserved = windows.reduce((total, window) => total + window.reserved, 0);
  return { tokens: used("tokens"), requests: used("requests"), reserved };
}

/** The use of a request that costs nothing. */
export const NOTHING = { tokens: 0, requests: 0, reserved: 0 };
/** What a request costs that a provider refused. */
export const ONLY_REQUESTS = (requests = 1) => ({ ...NOTHING, requests });

/** Used dollars; NaN where the plan has no window of dollars. */
export function dollarsOf({ windows }: Usage): number {
  return windows.find(({ unit }) => unit === "usd")?.used ?? NaN;
}

function withToken(token: string, headers: RequestInit["headers"]): Headers {
  const complete = new Headers(headers);
  complete.set("authorization", `Bearer ${token}`);
  return complete;
}
