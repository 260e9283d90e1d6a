// The page of one model, in the order of the provider's page. Its address has the name: /models/o4-mini.

import { comparePath, findModel, loadEndedModel, loadModels, modelPath, nearNames } from "./lib/card-data.js";
import { about, modelHead, ratingStrip } from "./lib/card-head.js";
import { answeringTitle, isMoved, snapshotList, today } from "./lib/card-lifecycle.js";
import { rateLimitTable } from "./lib/card-limits.js";
import { priceBars, priceTables } from "./lib/card-prices.js";
import { loadProblem } from "./lib/card-problem.js";
import { endpointList, featureList, modalityList, refusedParameters } from "./lib/card-support.js";
import { byId, element, fill, formatDay } from "./lib/dom.js";
import { onToken, token } from "./lib/session.js";
import { notice, startPage } from "./lib/site.js";

/** @typedef {import("./lib/card-data.js").Model} Model */

const name = nameInPath();
const content = byId("content");

/** The name of a model may contain slashes. An escape that is not valid stays as it is. */
function nameInPath() {
  const path = location.pathname.replace(/^\/models\//, "");
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

async function show() {
  document.title = `${name} – Weir`;
  try {
    const models = await loadModels();
    const model = findModel(models, name) ?? (await loadEndedModel(name));
    if (model) showModel(models, model);
    else showUnknown(models);
  } catch (error) {
    fill(
      content,
      element("h1", {}, name),
      loadProblem(error, () => void show()),
    );
  }
}

/** @param {Model[]} models @param {Model} model */
function showModel(models, model) {
  const { card } = model;
  document.title = `${card.name} – Weir`;
  fill(
    content,
    element("nav", { class: "crumbs", "aria-label": "Path" }, element("a", { href: "/models" }, "Models"), " / ", name),
    modelHead(models, model),
    nameNotice(models, model),
    ratingStrip(card),
    about(models, model),
    section("Pricing", pricingNote(), priceTables(card), comparison(models, model)),
    section("Modalities", "The kinds of content that the model takes and returns.", modalityList(card)),
    section(
      "Endpoints",
      "The operations of the API that the model supports, with their routes.",
      endpointList(card),
      refusedParameters(card),
    ),
    section("Features", "Abilities that a request to this model can use.", featureList(card.features)),
    section("Tools", "Tools that the model can use with the endpoint Responses.", featureList(card.tools)),
    section(
      "Snapshots",
      "Snapshots let you lock in a specific version of the model, so that performance and behavior remain consistent. " +
        `These are all snapshots and aliases of ${card.name}. An alias moves to the successor when its snapshot ends.`,
      snapshotList(models, model),
    ),
    card.rate_limits &&
      section(
        "Rate limits",
        "The provider's limits for the whole account of this server, by usage tier. ",
        rateLimitTable(card.rate_limits),
      ),
  );
}

const pricingNote = () => [
  "These are the provider's prices, per token or per other units. The provider can charge a fee for each call of its " +
    "tools. Answers count at these prices against the dollar limits of your plan. ",
  element("a", { href: "/account" }, "See your plan"),
];

/**
 * Explains a name that is not answered by its own snapshot, or that is an alias of this card.
 * @param {Model[]} models
 * @param {Model} model
 */
function nameNotice(models, { entry, card, name: mainName }) {
  const snapshot = card.snapshots.find(({ id }) => id === name);
  if (snapshot?.shutdown_date && snapshot.shutdown_date <= today()) {
    const hasAlias = card.snapshots.every(({ id }) => id !== mainName);
    const instead = hasAlias ? mainName : snapshot.successors[0];
    const advice =
      instead === undefined
        ? ["No model answers requests for this name."]
        : ["Use ", element("a", { href: modelPath(instead) }, instead), " instead."];
    return notice("warn", `${name} ended on ${formatDay(snapshot.shutdown_date)}`, ...advice);
  }
  if (isMoved(entry)) {
    const answering = answeringTitle(models, entry);
    return notice(
      "warn",
      `${answering} answers now`,
      `${card.name} has ended. This page shows its card. Requests for `,
      element("code", {}, mainName),
      " go to ",
      element("a", { href: modelPath(findModel(models, entry.answered_by ?? "")?.name ?? "") }, answering),
      " (",
      element("code", {}, entry.answered_by),
      ") and cost what that model costs.",
    );
  }
  return null;
}

/** @param {Model[]} models @param {Model} model */
function comparison(models, model) {
  const others = model.card.compare.map((each) => findModel(models, each)).filter((found) => found !== undefined);
  const known = others.filter((other) => other.card.prices?.input !== undefined && other !== model);
  if (known.length === 0 || model.card.prices?.input === undefined) return null;
  return element(
    "div",
    { class: "stack" },
    element(
      "div",
      { class: "row between" },
      element("h3", {}, "Quick comparison"),
      element("a", { href: comparePath([model.name, ...known.map((each) => each.name)]) }, "Compare in detail"),
    ),
    priceBars([model, ...known], model.name, modelPath),
  );
}

/**
 * @param {string} title
 * @param {import("./lib/dom.js").Child} note
 * @param {...import("./lib/dom.js").Child} children
 */
function section(title, note, ...children) {
  const id = title.toLowerCase().replaceAll(" ", "-");
  return element(
    "section",
    { class: "fact", "aria-labelledby": id },
    element("div", {}, element("h2", { id }, title), note && element("p", { class: "muted" }, note)),
    element("div", { class: "stack" }, ...children),
  );
}

/** @param {Model[]} models */
function showUnknown(models) {
  const near = nearNames(models, name);
  fill(
    content,
    element("h1", {}, "There is no such model here"),
    element("p", { class: "lead" }, "This server has no model with the name ", element("code", {}, name), "."),
    token() === "" && element("p", { class: "muted" }, "Add a token to see models that have ended."),
    near.length > 0 && element("h2", {}, "Did you mean"),
    near.length > 0 &&
      element(
        "ul",
        { class: "near" },
        ...near.map((model) =>
          element(
            "li",
            {},
            element("a", { href: modelPath(model.name) }, model.card.name),
            model.card.tagline && element("small", {}, model.card.tagline),
          ),
        ),
      ),
    element("p", {}, element("a", { class: "button", href: "/models" }, "See all models")),
  );
}

await startPage();
onToken(() => void show());
await show();
