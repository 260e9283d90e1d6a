// The comparison of models as a table. The address has their names: /compare?models=o3,o3-mini.

import { comparePath, findModel, loadModels, modelPath, nearNames } from "./lib/card-data.js";
import { loadProblem } from "./lib/card-problem.js";
import { bestIn, comparisonGroups } from "./lib/card-table.js";
import { byId, element, fill } from "./lib/dom.js";
import { onToken } from "./lib/session.js";
import { notice, startPage } from "./lib/site.js";

/** @typedef {import("./lib/card-data.js").Model} Model */

/** More columns are hard to read. */
const MOST_MODELS = 6;

const content = byId("content");

async function load() {
  try {
    const all = await loadModels();
    const wanted = namesInAddress();
    const found = wanted.map((name) => findModel(all, name)).filter((model) => model !== undefined);
    const unknown = wanted.filter((name) => !findModel(all, name));
    showPage(all, [...new Set(found)].slice(0, MOST_MODELS), unknown);
  } catch (error) {
    fill(
      content,
      loadProblem(error, () => void load()),
    );
  }
}

function namesInAddress() {
  const list = new URLSearchParams(location.search).get("models") ?? "";
  return list.split(",").filter((name) => name !== "");
}

/** @param {Model[]} all @param {Model[]} chosen @param {string[]} unknown */
function showPage(all, chosen, unknown) {
  const status = element("p", { class: "visually-hidden", role: "status" });
  const bar = element("div", { class: "row pickers" });
  const area = element("div");
  const update = () => {
    history.replaceState(null, "", chosen.length > 0 ? comparePath(chosen.map(({ name }) => name)) : "/compare");
    fill(bar, ...chosen.map(chip), picker());
    fill(area, chosen.length > 0 ? table(all, chosen) : nothingChosen(all, add));
  };
  /** @param {Model[]} models */
  const add = (...models) => {
    chosen.push(...models.filter((model) => !chosen.includes(model)));
    update();
    byId("add-model").focus();
    status.textContent = `${models.map(({ card }) => card.name).join(", ")} added. ${chosen.length} models compared.`;
  };
  /** @param {Model} model */
  const remove = (model) => {
    chosen.splice(chosen.indexOf(model), 1);
    update();
    byId("add-model").focus();
    status.textContent = `${model.card.name} removed. ${chosen.length} models compared.`;
  };
  /** @param {Model} model */
  const chip = (model) =>
    element(
      "button",
      { type: "button", class: "chip", "aria-label": `Remove ${model.card.name}`, click: () => remove(model) },
      model.card.name,
      element("span", { "aria-hidden": "true" }, "×"),
    );
  const picker = () => {
    const isFull = chosen.length >= MOST_MODELS;
    const free = all.filter((model) => !chosen.includes(model));
    const select = element(
      "select",
      { id: "add-model", "aria-label": "Add a model" },
      element("option", { value: "" }, isFull ? `At most ${MOST_MODELS} models` : "Add a model…"),
      ...(isFull ? [] : free).map(({ name, card }) => element("option", { value: name }, card.name)),
    );
    select.addEventListener("change", () => {
      const model = all.find(({ name }) => name === select.value);
      if (model) add(model);
    });
    return select;
  };
  fill(content, ...unknown.map((name) => unknownNotice(all, name, add)), bar, status, area);
  update();
}

/** @param {Model[]} all @param {string} name @param {(model: Model) => void} add */
function unknownNotice(all, name, add) {
  const near = nearNames(all, name).slice(0, 3);
  const buttons = near.map((model) =>
    element(
      "button",
      {
        type: "button",
        click: () => {
          box.remove();
          add(model);
        },
      },
      model.card.name,
    ),
  );
  const advice = near.length > 0 ? [element("span", { class: "row" }, "Did you mean", ...buttons)] : [];
  const box = notice("warn", `There is no model ${name} here`, ...advice);
  return box;
}

/** @param {Model[]} all @param {(...models: Model[]) => void} add */
function nothingChosen(all, add) {
  const first = all.find(({ card }) => card.compare.length > 0) ?? all[0];
  if (!first) return element("p", {}, "The catalog of this server has no model that answers today.");
  const others = first.card.compare.map((name) => findModel(all, name)).filter((model) => model !== undefined);
  const models = [first, ...others];
  return element(
    "div",
    { class: "card empty" },
    element("p", {}, element("strong", {}, "No model is chosen yet.")),
    element("p", { class: "muted" }, "Choose one above, or start with an example."),
    element(
      "button",
      { type: "button", class: "primary", click: () => add(...models) },
      `Compare ${models.map(({ card }) => card.name).join(", ")}`,
    ),
  );
}

/** @param {Model[]} all @param {Model[]} chosen */
function table(all, chosen) {
  const columns = chosen.map(({ name, card }) =>
    element(
      "th",
      { scope: "col" },
      element("a", { href: modelPath(name) }, card.name),
      card.default && element("span", { class: "tag good" }, "Default"),
    ),
  );
  return element(
    "div",
    { class: "scroll comparison", tabindex: 0, role: "region", "aria-label": "Comparison" },
    element(
      "table",
      {},
      element(
        "caption",
        { class: "visually-hidden" },
        `Comparison of ${chosen.map(({ card }) => card.name).join(", ")}`,
      ),
      element("thead", {}, element("tr", {}, element("td", {}), ...columns)),
      ...comparisonGroups(chosen, all).map((group) => body(group, chosen)),
    ),
  );
}

/** @param {import("./lib/card-table.js").Group} group @param {Model[]} chosen */
function body({ title, rows }, chosen) {
  return element(
    "tbody",
    {},
    element(
      "tr",
      { class: "group" },
      element("th", { scope: "rowgroup", colspan: chosen.length + 1 }, element("span", {}, title)),
    ),
    ...rows.map((row) => {
      const best = bestIn(row, chosen);
      return element(
        "tr",
        {},
        element("th", { scope: "row" }, row.title),
        ...chosen.map((model) => {
          const shown = row.show(model) ?? element("span", { class: "no" }, "–");
          if (!best.has(model)) return element("td", {}, shown);
          return element(
            "td",
            { class: "best" },
            element("div", { class: "row" }, shown, element("small", {}, row.best)),
          );
        }),
      );
    }),
  );
}

await startPage();
onToken(() => void load());
await load();
