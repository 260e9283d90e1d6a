// The groups in which the list shows models, by their task.

/**
 * @typedef {import("./card-data.js").Card} Card
 * @typedef {{ title: string, icon: import("./card-icons.js").IconName, has: (card: Card) => boolean }} Group
 */

/** @param {Card} card @param {...string} names */
const serves = (card, ...names) => card.endpoints.some(({ name, supported }) => supported && names.includes(name));

/** @param {Card} card @param {string} modality */
const makes = (card, modality) => card.modalities[modality]?.output === true;

/** A card belongs to the first group that has it. @type {Group[]} */
const RULES = [
  { title: "Images and video", icon: "video", has: (card) => makes(card, "video") },
  { title: "Images and video", icon: "image", has: (card) => makes(card, "image") },
  {
    title: "Speech and audio",
    icon: "audio",
    has: (card) =>
      makes(card, "audio") || serves(card, "realtime", "speech_generation", "transcription", "translation"),
  },
  { title: "Embeddings and moderation", icon: "moderation", has: (card) => serves(card, "moderation") },
  { title: "Embeddings and moderation", icon: "number", has: (card) => serves(card, "embeddings") },
  { title: "Reasoning", icon: "bulb", has: (card) => card.reasoning !== undefined },
  { title: "Text", icon: "text", has: () => true },
];

/** The titles of the groups in the order of the page. */
export const GROUP_ORDER = ["Reasoning", "Text", "Images and video", "Speech and audio", "Embeddings and moderation"];

/** @param {Card} card @returns {Group} */
export function groupOf(card) {
  return /** @type {Group} */ (RULES.find(({ has }) => has(card)));
}
