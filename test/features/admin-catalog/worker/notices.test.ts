// The daily check of the providers' models, and its notices for the operator.

import { createExecutionContext, createScheduledController, waitOnExecutionContext } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Bindings } from "../../../../src/core/env.ts";
import worker from "../../../../src/index.ts";
import { asAdmin } from "../../../support/admin.ts";
import { passTime } from "../../../support/clock.ts";
import { createLaterCatalog, laterDay } from "../../../support/dated-catalog.ts";
import { watchLog } from "../../../support/log-lines.ts";
import { bindings, emulation, send, startAnew, useCatalog } from "../../../support/workerd.ts";

/** Thirty days before the end of o4-mini's snapshot in the later catalog. */
const TODAY = Date.parse(`${laterDay("2026-09-23")}T05:17:00Z`);
const HEALTH_REMEMBERED_MS = 10_000;

interface WireNotice {
  kind: string;
  provider: string;
  snapshot?: string;
  shutdown_date: string | null;
  message: string;
}

/** The cron's daily run at `now`. */
async function runCron(now = TODAY, changes: Partial<Bindings> = {}): Promise<void> {
  const context = createExecutionContext();
  const controller = createScheduledController({ scheduledTime: new Date(now), cron: "17 5 * * *" });
  await worker.scheduled(controller, { ...bindings, ...changes }, context);
  await waitOnExecutionContext(context);
}

const getNotices = async () =>
  (await (await asAdmin("/admin/catalog/notices")).json()) as { checked_at: string | null; notices: WireNotice[] };

/** A provider with this answer. */
const answering = (answer: () => Response | Promise<Response>): Partial<Bindings> => ({
  UPSTREAM: { fetch: answer } as unknown as Fetcher,
});

/** A provider that lists every model of the catalog. */
function listing(): Partial<Bindings> {
  const snapshots = Object.values(createLaterCatalog().cards).flatMap((card) => Object.entries(card.snapshots));
  const data = snapshots.map(([id, { shutdown_date = null }]) => ({ id, object: "model", shutdown_date }));
  return answering(() => Response.json({ object: "list", data }));
}

/** Reads the health check after its copy of the notices has expired. */
async function countAtHealth(): Promise<unknown> {
  passTime(HEALTH_REMEMBERED_MS);
  const health: { notices: number | null } = await (await send("/healthz")).json();
  return health.notices;
}

let started = TODAY;

beforeEach(async () => {
  await startAnew();
  await useCatalog(createLaterCatalog());
  await emulation.zero();
  started += 3_600_000;
  vi.useFakeTimers({ toFake: ["Date"], now: started });
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

describe("the daily check", () => {
  it("has no notices before its first run", async () => {
    expect(await getNotices()).toEqual({ checked_at: null, notices: [] });
    expect(await countAtHealth()).toBeNull();
  });

  it("finds and logs snapshots that end within sixty days", async () => {
    const logged = watchLog();
    await runCron(TODAY, listing());
    const { checked_at, notices } = await getNotices();
    expect(checked_at).toBe(new Date(TODAY).toISOString());
    const ending = notices.filter(({ kind }) => kind === "ending");
    expect(ending.map(({ snapshot }) => snapshot)).toEqual([
      "o4-mini-2025-04-16",
      "o3-mini-2025-01-31",
      "gpt-3.5-turbo-instruct",
      "sora-2",
    ]);
    expect(ending[0]).toEqual({
      kind: "ending",
      provider: "openai",
      snapshot: "o4-mini-2025-04-16",
      shutdown_date: laterDay("2026-10-23"),
      message: expect.stringContaining("in 30 days") as string,
    });
    for (const words of ["'default' then goes to gpt-5-mini-2025-08-07", "'o4-mini' then goes to"]) {
      expect(ending[0]?.message).toContain(words);
    }
    expect(notices.filter(({ kind }) => kind !== "ending")).toEqual([]);
    expect(logged("catalog_notice")).toHaveLength(4);
    expect(await countAtHealth()).toBe(4);
  });

  it("requests the provider's models once, with the provider's key", async () => {
    await runCron();
    const { by_path, last } = await emulation.stats();
    expect(by_path).toEqual({ "/v1/models": 1 });
    expect(Object.keys(last?.headers ?? {})).toEqual(["authorization"]);
  });

  it.each([
    ["cannot be reached", answering(() => Promise.reject(new Error("no network")))],
    ["answers something else", answering(() => new Response("<html>"))],
    ["has no key here", { OPENAI_API_KEY: "" }],
  ])("reports a provider that %s, and the ends in the catalog", async (_, changes) => {
    const logged = watchLog();
    await runCron(TODAY, changes);
    const { notices } = await getNotices();
    expect(notices[0]).toMatchObject({ kind: "unreachable", provider: "openai" });
    expect(notices.filter(({ kind }) => kind === "ending")).toHaveLength(4);
    expect(notices.filter(({ kind }) => kind === "missing")).toEqual([]);
    expect(logged("models_not_listed")).toMatchObject([{ provider: "openai" }]);
    expect(JSON.stringify(logged("models_not_listed"))).not.toContain("no network");
    expect(await countAtHealth()).toBe(5);
  });

  it("can be started by an operator", async () => {
    const response = await asAdmin("/admin/catalog/notices", { method: "POST" });
    expect(response.status).toBe(201);
    const found: unknown = await response.json();
    expect(found).toMatchObject({ checked_at: new Date(started).toISOString() });
    expect(await getNotices()).toEqual(found);
  });
});
