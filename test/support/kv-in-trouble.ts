// A KV with reads that a test controls.

import { bindings } from "./workerd.ts";

type Read = (key: string, readAsUsual: () => Promise<unknown>) => Promise<unknown>;

/** The catalog's KV, in which every read goes through `read`, and the keys that were asked for. */
export function readingThrough(read: Read) {
  const asked: string[] = [];
  const get = (key: string) => {
    asked.push(key);
    return read(key, () => bindings.CATALOG.get(key, "json"));
  };
  return { asked, kv: { get } as unknown as KVNamespace };
}

/** A KV that fails every read. */
export const failingKv = () => readingThrough(() => Promise.reject(new Error("KV is down")));

/** A KV that answers nothing until it is released, and then as usual. */
export function waitingKv() {
  const { promise, resolve: release } = Promise.withResolvers<void>();
  return {
    release,
    ...readingThrough(async (_, readAsUsual) => {
      await promise;
      return readAsUsual();
    }),
  };
}
