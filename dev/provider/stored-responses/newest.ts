// What the memory of the isolate keeps has a bound: the newest entries stay, the oldest are forgotten.

/** Adds an entry under its id, and forgets the oldest one when there are too many. */
export function keepNewest<Entry extends { id: string }>(
  entries: Map<string, Entry>,
  entry: Entry,
  mostEntries: number,
): void {
  entries.set(entry.id, entry);
  const [oldest] = entries.keys();
  if (entries.size > mostEntries && oldest !== undefined) entries.delete(oldest);
}
