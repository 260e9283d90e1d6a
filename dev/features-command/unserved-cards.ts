// Removal of the model cards that no feature serves, and of every mention of them. Pure.

/** The part of a catalog document that names models. */
interface Document {
  cards: Record<string, Card>;
  aliases: Record<string, { target: string; fallback?: string[] }>;
  plans: Record<string, { models?: string[]; windows: { models?: string[] }[] }>;
}

interface Card {
  endpoints: string[];
  compare?: string[];
  snapshots: Record<string, { successor?: string }>;
}

/**
 * Removes the cards without a served endpoint, and the aliases that lead to them. Returns the same text when there are
 * none. A changed result needs formatting.
 */
export function removeCards(text: string, served: string[]): string {
  const document = JSON.parse(text) as Document;
  const { cards, aliases, plans } = document;
  const removed = new Set<string>();
  for (const [id, { endpoints, snapshots }] of Object.entries(cards)) {
    if (endpoints.some((endpoint) => served.includes(endpoint))) continue;
    Reflect.deleteProperty(cards, id);
    for (const name of [id, ...Object.keys(snapshots)]) removed.add(name);
  }
  if (removed.size === 0) return text;
  removeAliases(aliases, removed);
  const remains = (name: string) => !removed.has(name);
  for (const card of Object.values(cards)) {
    if (card.compare) card.compare = card.compare.filter(remains);
    for (const snapshot of Object.values(card.snapshots)) {
      if (snapshot.successor !== undefined && removed.has(snapshot.successor)) delete snapshot.successor;
    }
  }
  for (const alias of Object.values(aliases)) if (alias.fallback) alias.fallback = alias.fallback.filter(remains);
  for (const plan of Object.values(plans)) {
    if (plan.models) plan.models = plan.models.filter(remains);
    plan.windows = plan.windows.filter(({ models }) => models?.some(remains) ?? true);
    for (const window of plan.windows) if (window.models) window.models = window.models.filter(remains);
  }
  return `${JSON.stringify(document, null, 2)}\n`;
}

/** Deletes the aliases that lead to removed names, and adds them to these names. */
function removeAliases(aliases: Document["aliases"], removed: Set<string>): void {
  for (;;) {
    const found = Object.entries(aliases).find(([, { target }]) => removed.has(target));
    if (!found) return;
    const [name] = found;
    removed.add(name);
    Reflect.deleteProperty(aliases, name);
  }
}
