// Weir with counters for what Cloudflare bills by number.
// GET /__counts returns the counts, how much work is still running, and how many alarms have run. DELETE /__counts resets
// the counts.

import type { Bindings } from "../../src/core/env.ts";
import * as weir from "../../src/index.ts";
import type { Counts } from "../bill.ts";

export * from "../../src/index.ts";

type Cursor = SqlStorageCursor<Record<string, SqlStorageValue>>;

const nothing = (): Counts => ({
  calls: {},
  rowsWritten: 0,
  rowsRead: 0,
  alarmsSet: 0,
  kvReads: 0,
  logLines: 0,
  logBytes: 0,
});
let counts = nothing();
let running = 0;
let alarms = 0;

/** Calls `then` with the result of each call of the method, on all objects with this prototype. */
function observe(object: object, method: string, then: (result: unknown) => void): void {
  const prototype = Object.getPrototypeOf(object) as Record<string, (...values: unknown[]) => unknown>;
  const original = prototype[method];
  if (!original) throw new Error(`${method} is not a method`);
  prototype[method] = function (...values) {
    const result = original.apply(this, values);
    then(result);
    return result;
  };
}

const countRow = () => void counts.rowsWritten++;
const countRead = () => void counts.rowsRead++;
const countRows = (cursor: Cursor) => {
  counts.rowsWritten += cursor.rowsWritten;
  counts.rowsRead += cursor.rowsRead;
};
let isObserved = false;

/** Counts the writes and the reads of all objects, of all classes. */
function observeStorage(storage: DurableObjectStorage): void {
  if (isObserved) return;
  isObserved = true;
  for (const method of ["put", "delete"]) {
    observe(storage, method, countRow);
    observe(storage.kv, method, countRow);
  }
  for (const method of ["get", "list"]) observe(storage.kv, method, countRead);
  observe(storage, "setAlarm", () => void counts.alarmsSet++);
  // A cursor has counted its rows when it was read. Its caller reads it before the next microtask.
  observe(storage.sql, "exec", (cursor) => queueMicrotask(() => countRows(cursor as Cursor)));
}

for (const level of ["log", "error", "warn"] as const) {
  console[level] = (line: unknown) => {
    counts.logLines++;
    counts.logBytes += new TextEncoder().encode(String(line)).length;
  };
}

/** Returns a proxy that calls `onCall` before each method of the object, which must be methods. */
function withCallCounter<Target extends object>(target: Target, onCall: (method: string) => void): Target {
  return new Proxy(target, {
    get: (_, method) => {
      return (...values: unknown[]) => {
        onCall(String(method));
        return (target as Record<PropertyKey, (...values: unknown[]) => unknown>)[method]?.(...values);
      };
    },
  });
}

const countCall = (method: string) => void (counts.calls[method] = (counts.calls[method] ?? 0) + 1);
const observedBindings = new WeakMap<Bindings, Bindings>();

/** Counts the calls of all objects and the reads of KV. */
function observeBindings(env: Bindings): Bindings {
  const known = observedBindings.get(env);
  if (known) return known;
  const observed = Object.fromEntries(
    Object.entries(env as unknown as Record<string, unknown>).map(([name, binding]) => {
      if (!isNamespace(binding)) return [name, binding];
      return [name, { getByName: (object: string) => withCallCounter(binding.getByName(object), countCall) }];
    }),
  ) as unknown as Bindings;
  observed.CATALOG = withCallCounter(env.CATALOG, (method) => void (counts.kvReads += method === "get" ? 1 : 0));
  observedBindings.set(env, observed);
  return observed;
}

interface CountedObject {
  ctx: DurableObjectState;
  env: Bindings;
}

/** Makes the objects of a class count, from their first call on. */
function observeObjects({ prototype }: { prototype: Record<string, (...values: unknown[]) => unknown> }): void {
  for (const method of Object.getOwnPropertyNames(prototype)) {
    const original = prototype[method];
    if (method === "constructor" || !original) continue;
    prototype[method] = function (this: CountedObject, ...values) {
      observeStorage(this.ctx.storage);
      this.env = observeBindings(this.env);
      if (method === "alarm") alarms++;
      return original.apply(this, values);
    };
  }
}

const { default: worker, ...classes } = weir;
for (const each of Object.values(classes)) observeObjects(each as unknown as Parameters<typeof observeObjects>[0]);

const isNamespace = (binding: unknown): binding is DurableObjectNamespace =>
  typeof binding === "object" && binding !== null && "getByName" in binding;

export default {
  async fetch(request: Request, env: Bindings, context: ExecutionContext): Promise<Response> {
    if (new URL(request.url).pathname === "/__counts") {
      if (request.method === "DELETE") counts = nothing();
      return Response.json({ counts, running, alarms });
    }
    const waitUntil = (work: Promise<unknown>) => {
      running++;
      context.waitUntil(work.finally(() => running--));
    };
    return worker.fetch(request, observeBindings(env), { waitUntil } as ExecutionContext);
  },
};
