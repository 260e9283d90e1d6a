// Caches of bounded size: the oldest entry makes room for a new one.

/** Sets an entry and makes it the newest. Deletes the oldest one when the map has `most` others. */
export function setNewest<Key, Value>(map: Map<Key, Value>, key: Key, value: Value, most: number): void {
  map.delete(key);
  const oldest = map.size >= most ? map.keys().next() : undefined;
  if (oldest && !oldest.done) map.delete(oldest.value);
  map.set(key, value);
}
