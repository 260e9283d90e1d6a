// The settings of a request: model, effort, instructions, thinking and the sample tool.

import { json } from "./api.js";
import { byId, element, fill } from "./dom.js";
import { choiceOf, toChoices } from "./playground-models.js";
import { token } from "./session.js";

/**
 * @typedef {import("./playground-models.js").Choice} Choice
 * @typedef {import("./playground-conversation.js").Settings} Settings
 */

/** @type {Choice[]} */
let choices = [];

const model = () => /** @type {HTMLSelectElement} */ (byId("model"));
const effort = () => /** @type {HTMLSelectElement} */ (byId("effort"));
const summary = () => /** @type {HTMLInputElement} */ (byId("summary"));
const tool = () => /** @type {HTMLInputElement} */ (byId("tool"));
const instructions = () => /** @type {HTMLTextAreaElement} */ (byId("instructions"));

/** Calls `changed` after each change of a setting. @param {() => void} changed */
export function startSettings(changed) {
  fill(model(), element("option", { value: "default" }, "Default"));
  model().addEventListener("change", () => {
    const link = new URL(location.href);
    link.searchParams.set("model", model().value);
    history.replaceState(null, "", link);
    showChoice();
    changed();
  });
  for (const field of [effort(), summary(), tool()]) field.addEventListener("change", changed);
  instructions().addEventListener("input", () => {
    byId("instructions-state").hidden = instructions().value.trim() === "";
    changed();
  });
}

/** Loads the models. Without a token, they are those of the public cards. */
export async function loadModels() {
  const { data } = await json(token() === "" ? "/cards" : "/v1/models?cards=true");
  choices = toChoices(data);
  const wanted = new URLSearchParams(location.search).get("model") ?? (choices.length > 0 ? model().value : null);
  const chosen = choiceOf(choices, wanted);
  const group = (/** @type {string} */ label, /** @type {boolean} */ isAlias) => {
    const members = choices.filter((choice) => choice.isAlias === isAlias);
    const options = members.map(({ id, label: text }) => element("option", { value: id }, text));
    return members.length > 0 && element("optgroup", { label }, ...options);
  };
  fill(model(), group("Models", true), group("Pinned versions", false));
  if (chosen) model().value = chosen.id;
  showChoice();
  if (wanted !== null && chosen && chosen.id !== wanted) {
    byId("model-note").prepend(`The model ${wanted} cannot chat here, so another one is selected. `);
  }
}

/** Leaves the effort to the model. */
export const resetEffort = () => (effort().value = "");

/** What the selected model can do; undefined before the models are known. */
export const choice = () => choices.find(({ id }) => id === model().value);

/** @returns {Settings} */
export function settings() {
  return {
    model: model().value,
    instructions: instructions().value,
    effort: byId("effort-field").hidden ? "" : effort().value,
    hasSummary: summary().checked && !byId("summary-field").hidden,
    hasTool: tool().checked && !byId("tool-field").hidden,
  };
}

/** Shows the fields that the selected model has. */
function showChoice() {
  const selected = choice();
  if (!selected) return;
  const { efforts, note, id } = selected;
  const before = effort().value;
  const options = efforts.map((name) => element("option", { value: name }, name));
  fill(effort(), element("option", { value: "" }, "automatic"), ...options);
  effort().value = efforts.includes(before) ? before : "";
  byId("effort-field").hidden = efforts.length === 0;
  byId("summary-field").hidden = !selected.summarizes;
  byId("tool-field").hidden = !selected.takesTools;
  byId("attach").hidden = !selected.takesImages;
  const card = element("a", { href: `/models/${encodeURIComponent(id)}` }, "Model card");
  fill(byId("model-note"), note === "" ? "" : `${note} `, card);
}
