// uses: slim-chat
// One run in Node: how often it is stored, and the keys of its reservations.

import "../../../../src/features.ts";
import { beforeAll, beforeEach, expect, it } from "vitest";
import type { Bindings } from "../../../../src/core/env.ts";
import { clock } from "../../../../src/core/gateway/request-state.ts";
import { createServerTiming } from "../../../../src/core/http/server-timing.ts";
import { runsOf } from "../../../../src/features/runs/catalog.ts";
import { startRun } from "../../../../src/features/runs/run.ts";
import { createSeal } from "../../../../src/features/runs/seal.ts";
import { openRunStore } from "../../../../src/features/runs/storage.ts";
import { slimCall } from "../../../../src/features/slim-chat/exchange.ts";
import { provideIdentityStreams } from "../../../core/support/identity-stream.ts";
import { createNamespace, runtimeError, skipPauses } from "../../../core/support/quota-namespace.ts";
import { createCatalog } from "../../../support/catalog.ts";
import { chunk, DONE, finishChunk, textChunk, toUtf8, usageChunk } from "../../../support/chat-chunks.ts";
import { refusalOf } from "../../../support/refusals.ts";
import { slimRequest } from "../../slim-chat/support/slim-requests.ts";
import { createMapStorage } from "../support/map-storage.ts";

beforeAll(provideIdentityStreams);
beforeEach(() => void skipPauses());

const seal = await createSeal("pepper", "user-1", "key-1");

/** A user's runs under one key. The provider answers each request with these events. */
function createKey(events: string[] = []) {
  const disk = createMapStorage();
  const store = openRunStore(disk.storage, null);
  const quota = createNamespace(Date.now());
  const provider = async () =>
    new Response(toUtf8(events.join("")), { headers: { "content-type": "text/event-stream" } });
  const env = {
    ...quota.env,
    OPENAI_API_KEY: "key",
    PROVIDER_HOSTS: "api.openai.com",
    UPSTREAM: { fetch: provider },
  } as unknown as Bindings;
  const catalog = createCatalog({ coalesce_ms: 0 });
  return {
    disk,
    store,
    quota,
    start: (attempt = 0) =>
      startRun({
        name: "user-1",
        caller: {
          env,
          user: { issuer: "weir", subject: "alice", plan: "free", issuedAt: Date.now() },
          catalog,
          revision: "rev-1",
          requestId: "request-1",
          timing: createServerTiming(Date.now()),
          signal: new AbortController().signal,
          readsAlways: true,
          retriesItself: false,
          waitUntil: () => undefined,
        },
        call: slimCall(slimRequest()),
        settings: runsOf(catalog),
        fingerprint: "print",
        seal,
        store,
        clock,
        attempt,
      }),
  };
}

it("a run with several tool calls is stored at its start, once after them, and at its end", async () => {
  const calls = ["look", "find", "ask"].map((name, index) =>
    chunk({ tool_calls: [{ index, id: `call_${index}`, function: { name, arguments: "{}" } }] }),
  );
  const { start, disk, store } = createKey([
    textChunk("Let me look."),
    ...calls,
    finishChunk("tool_calls"),
    usageChunk(9, 9),
    DONE,
  ]);
  const run = start();
  await run.stored;
  expect(run.log.events.map(({ name }) => name)).toEqual(["text", "tool", "tool", "tool", "done"]);
  expect(disk.puts).toHaveLength(3);
  expect(store.load(seal.id)).toMatchObject({ state: "ended" });
});

it("the next attempt has another key after a reservation whose result was lost, because that is given back late", async () => {
  const { start, quota, disk } = createKey();
  quota.failures.push(runtimeError({ late: true }));
  const run = start();
  expect((await refusalOf(() => run.head)).body.code).toBe("quota_unavailable");
  expect([await run.stored, disk.values.size]).toEqual([1, 0]);
});

it("a run whose start cannot be stored fails at once, and its reservation is given back", async () => {
  const { start, quota, disk } = createKey();
  disk.failNext();
  const run = start();
  expect((await refusalOf(() => run.head)).status).toBe(500);
  await run.stored;
  expect([run.log.count, disk.values.size, quota.book.ledger.leases]).toEqual([0, 0, {}]);
});
