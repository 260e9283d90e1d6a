// The models that the playground offers: names for people, what each can do, and which model answers.

import { formatDay } from "./dom.js";

/**
 * @typedef {{ name: string, supported: boolean }} Support
 * @typedef {{ id: string, name: string, reasoning?: { efforts: string[] } | null, endpoints: Support[],
 *   features: Support[], modalities: Record<string, { input: boolean, output: boolean }>,
 *   snapshots: { id: string }[] }} Card
 * @typedef {{ id: string, snapshot: string, answered_by: string | null, shutdown_date: string | null,
 *   card: Card }} ListedModel
 * @typedef {{ id: string, label: string, isAlias: boolean, note: string, efforts: string[], takesImages: boolean,
 *   takesTools: boolean, summarizes: boolean }} Choice
 */

/**
 * Returns the models that can chat, in the order of the catalog. A request to an alias is answered by the model that
 * the alias leads to today, so that model's card decides what the choice can do.
 * @param {ListedModel[]} models
 * @returns {Choice[]}
 */
export function toChoices(models) {
  const answering = (/** @type {string} */ snapshot) =>
    models.find(({ card }) => card.snapshots.some(({ id }) => id === snapshot))?.card;
  return models.flatMap((model) => {
    const card = model.answered_by === null ? undefined : (answering(model.answered_by) ?? model.card);
    if (!card || !supports(card.endpoints, "chat_completions", "responses")) return [];
    return [
      {
        id: model.id,
        label: labelOf(model, card),
        isAlias: model.id !== model.snapshot || model.id === model.card.id,
        note: noteOf(model, card),
        efforts: card.reasoning?.efforts ?? [],
        takesImages: card.modalities["image"]?.input ?? false,
        takesTools: supports(card.features, "function_calling"),
        summarizes: (card.reasoning?.efforts ?? []).length > 0 && supports(card.endpoints, "responses"),
      },
    ];
  });
}

/** @param {Support[]} list @param {...string} names */
const supports = (list, ...names) => list.some(({ name, supported }) => supported && names.includes(name));

/** @param {ListedModel} model @param {Card} answering */
function labelOf({ id, snapshot, card }, answering) {
  if (id === card.id)
    return card === answering || card.id === answering.id ? card.name : `${card.name} → ${answering.name}`;
  if (id === snapshot) return id;
  const name = id === "default" ? "Default" : id;
  return `${name} → ${answering.name}`;
}

/** @param {ListedModel} model @param {Card} answering */
function noteOf({ snapshot, answered_by: answeredBy, shutdown_date: end, card }, answering) {
  if (answeredBy !== snapshot) {
    const ended = end === null ? `${card.name} is not available.` : `${card.name} ended on ${formatDay(end)}.`;
    return `${ended} ${answering.name} answers instead.`;
  }
  return end === null ? "" : `${card.name} ends on ${formatDay(end)}.`;
}

/**
 * Returns the choice for the model of a link, else the first.
 * @param {Choice[]} choices
 * @param {string | null} wanted
 */
export const choiceOf = (choices, wanted) => choices.find(({ id }) => id === wanted) ?? choices[0];
