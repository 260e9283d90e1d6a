// All models as cards, in groups, with a search by text, modality and endpoint. The address follows the search.

import { loadModels } from "./lib/card-data.js";
import { modelCard } from "./lib/card-tile.js";
import { GROUP_ORDER, groupOf } from "./lib/card-groups.js";
import { loadProblem } from "./lib/card-problem.js";
import { matches } from "./lib/card-search.js";
import { byId, element, fill } from "./lib/dom.js";
import { onToken } from "./lib/session.js";
import { startPage } from "./lib/site.js";

/** @typedef {import("./lib/card-data.js").Model} Model */

const content = byId("content");
const query = new URLSearchParams(location.search);

async function show() {
  try {
    showModels(await loadModels());
  } catch (error) {
    fill(
      content,
      loadProblem(error, () => void show()),
    );
  }
}

/** @param {Model[]} models */
function showModels(models) {
  const [first] = models;
  if (!first) {
    fill(content, element("p", {}, "The catalog of this server has no model that answers today."));
    return;
  }
  const text = element("input", {
    id: "search",
    type: "search",
    autocomplete: "off",
    placeholder: "Name, ability, tool…",
    value: query.get("q") ?? "",
  });
  const modality = select("modality", [
    ["", "Any modality"],
    ...["input", "output"].flatMap((direction) =>
      Object.keys(first.card.modalities).map((name) => [`${name}-${direction}`, `${capital(name)} ${direction}`]),
    ),
  ]);
  const endpoint = select("endpoint", [
    ["", "Any endpoint"],
    ...first.card.endpoints
      .filter(({ name }) =>
        models.some(({ card }) => card.endpoints.some((each) => each.name === name && each.supported)),
      )
      .map(({ name, title }) => [name, title]),
  ]);
  const count = element("p", { class: "muted count", role: "status" });
  const results = element("div", { class: "stack groups" });
  const clear = element("button", { type: "button", class: "quiet", click: () => reset() }, "Clear the search");
  const reset = () => {
    for (const field of [text, modality, endpoint]) field.value = "";
    filter();
    text.focus();
  };
  const filter = () => {
    const wanted = { text: text.value, modality: modality.value, endpoint: endpoint.value };
    const found = models.filter((model) => matches(model, wanted));
    const isSearch = Object.values(wanted).some((value) => value !== "");
    count.textContent = isSearch ? `${found.length} of ${models.length} models` : `${models.length} models`;
    clear.hidden = !isSearch;
    fill(results, found.length > 0 ? groups(models, found) : nothingFound());
    remember({ q: text.value, modality: modality.value, endpoint: endpoint.value });
  };
  for (const field of [text, modality, endpoint]) field.addEventListener("input", filter);
  fill(
    content,
    element(
      "form",
      { class: "filters", role: "search", submit: (/** @type {Event} */ event) => event.preventDefault() },
      field("search", "Search", text),
      field("modality", "Modality", modality),
      field("endpoint", "Endpoint", endpoint),
    ),
    element("div", { class: "row between count-row" }, count, clear),
    results,
  );
  filter();
}

/** @param {Model[]} models @param {Model[]} found */
function groups(models, found) {
  return GROUP_ORDER.map((title) => {
    const members = found.filter(({ card }) => groupOf(card).title === title);
    const id = `group-${title.toLowerCase().replaceAll(" ", "-")}`;
    return (
      members.length > 0 &&
      element(
        "section",
        { "aria-labelledby": id },
        element("h2", { id }, title),
        element("ul", { class: "grid tiles" }, ...members.map((model) => modelCard(models, model))),
      )
    );
  });
}

const nothingFound = () =>
  element(
    "div",
    { class: "card empty" },
    element("p", {}, element("strong", {}, "No model has all of this.")),
    element("p", { class: "muted" }, "Search for fewer words, or choose any modality and any endpoint."),
  );

/** @param {string} id @param {string} title @param {HTMLElement} input */
const field = (id, title, input) => element("div", {}, element("label", { for: id }, title), input);

/** @param {string} id @param {string[][]} options */
function select(id, options) {
  const created = element("select", { id }, ...options.map(([value, title]) => element("option", { value }, title)));
  const wanted = query.get(id) ?? "";
  created.value = options.some(([value]) => value === wanted) ? wanted : "";
  return created;
}

/** @param {string} word */
const capital = (word) => (word[0] ?? "").toUpperCase() + word.slice(1);

/** Writes the search into the address, so that it can be shared. @param {Record<string, string>} values */
function remember(values) {
  const used = Object.entries(values).filter(([, value]) => value !== "");
  const search = new URLSearchParams(used).toString();
  history.replaceState(null, "", search === "" ? location.pathname : `?${search}`);
}

await startPage();
onToken(() => void show());
await show();
