// Limits what the memory of the isolate holds to the newest entries.

/** Adds an entry under its id, and deletes the oldest one when there are more than `maxEntries`. */
export function keepNewest<Entry extends { id: string }>(
  entries: Map<string, Entry>,
  entry: Entry,
  maxEntries: number,
): void {
  entries.set(entry.id, entry);
  const [oldest] = entries.keys();
  if (entries.size > maxEntries && oldest !== undefined) entries.delete(oldest);
}
