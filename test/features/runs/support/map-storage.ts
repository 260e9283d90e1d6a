// The storage of an object in Node, for what depends on time: its keys and values, and the writes of each.

/** Storage with the keys of all writes. `states` has all values after each write. The write after `failNext` fails. */
export function createMapStorage(stored: Iterable<[string, unknown]> = []) {
  const values = new Map<string, unknown>(stored);
  const puts: string[] = [];
  const states: Map<string, unknown>[] = [];
  const alarm: { at: number | null } = { at: null };
  let isFailing = false;
  const kv = {
    get: (key: string) => structuredClone(values.get(key)),
    put(key: string, value: unknown) {
      if (isFailing) {
        isFailing = false;
        throw new Error("the disk is full");
      }
      puts.push(key);
      values.set(key, structuredClone(value));
      states.push(new Map(values));
    },
    delete: (key: string) => values.delete(key),
    list: ({ prefix }: { prefix: string }) => [...values].filter(([key]) => key.startsWith(prefix)),
  };
  const storage = {
    kv,
    setAlarm: async (at: number) => void (alarm.at = at),
    async deleteAll() {
      values.clear();
      alarm.at = null;
    },
  };
  return {
    storage: storage as unknown as DurableObjectStorage,
    values,
    puts,
    states,
    alarm,
    failNext: () => void (isFailing = true),
  };
}
