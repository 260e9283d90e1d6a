// The search in the list of models.

/**
 * Tests if a model has all words of the text, the modality ("image-input") and the endpoint. "" means any.
 * @param {import("./card-data.js").Model} model
 * @param {{ text: string, modality: string, endpoint: string }} wanted
 */
export function matches({ names, card }, { text, modality, endpoint }) {
  const [kind = "", direction = ""] = modality.split("-");
  const hasModality = modality === "" || card.modalities[kind]?.[direction === "input" ? "input" : "output"] === true;
  const hasEndpoint = endpoint === "" || card.endpoints.some(({ name, supported }) => supported && name === endpoint);
  const titles = [...card.endpoints, ...card.features, ...card.tools].filter(({ supported }) => supported);
  const all = [
    ...names,
    ...card.snapshots.map(({ id }) => id),
    card.name,
    card.tagline,
    card.description,
    card.provider,
    card.reasoning && "reasoning",
    ...titles.map(({ title }) => title),
  ];
  const whole = all.join("\n").toLowerCase();
  const words = text.toLowerCase().split(/\s+/);
  return hasModality && hasEndpoint && words.every((word) => whole.includes(word));
}
