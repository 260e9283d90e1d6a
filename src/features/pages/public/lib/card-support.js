// What a model supports: modalities, endpoints, features, tools, and the parameters that it refuses.

import { ENDPOINT_ICONS, icon, MODALITY_ICONS } from "./card-icons.js";
import { element, formatDay } from "./dom.js";

/**
 * @typedef {import("./card-data.js").Card} Card
 * @typedef {import("./card-icons.js").IconName} IconName
 * @typedef {{ icon: IconName, title: string, supported: boolean, state: string, route?: string }} Item
 */

/** @param {Item[]} items @param {string} [kind] */
const supportList = (items, kind = "") =>
  element(
    "ul",
    { class: `supports ${kind}` },
    ...items.map(({ icon: name, title, supported, state, route }) =>
      element(
        "li",
        { class: supported ? "" : "off" },
        icon(name),
        element(
          "div",
          {},
          element("strong", {}, title),
          route && element("code", {}, route),
          element("small", {}, state),
        ),
      ),
    ),
  );

/** @param {Card} card */
export function modalityList({ modalities }) {
  return supportList(
    Object.entries(modalities).map(([name, { input, output }]) => ({
      icon: MODALITY_ICONS[name] ?? "text",
      title: name[0]?.toUpperCase() + name.slice(1),
      supported: input || output,
      state: modalityState(input, output),
    })),
  );
}

/** @param {boolean} input @param {boolean} output */
export function modalityState(input, output) {
  if (input && output) return "Input and output";
  if (input) return "Input only";
  return output ? "Output only" : "Not supported";
}

/** @param {Card} card */
export function endpointList({ endpoints }) {
  return supportList(
    endpoints.map((endpoint) => ({
      icon: ENDPOINT_ICONS[endpoint.name] ?? "code",
      title: endpoint.title,
      supported: endpoint.supported,
      route: endpoint.route.slice(1),
      state: endpointState(endpoint),
    })),
    "routes",
  );
}

/** @param {import("./card-data.js").EndpointSupport} endpoint */
function endpointState({ supported, served = supported, end }) {
  if (!supported) return stateOf(false);
  return `${stateOf(true)}${end ? ` until ${formatDay(end)}` : ""}${served ? "" : ", not offered here"}`;
}

/** @param {import("./card-data.js").Support[]} items */
export function featureList(items) {
  return supportList(
    items.map(({ title, supported }) => ({
      icon: supported ? "check" : "cross",
      title,
      supported,
      state: stateOf(supported),
    })),
  );
}

/** @param {boolean} supported */
const stateOf = (supported) => (supported ? "Supported" : "Not supported");

/** The parameters that the model refuses, per endpoint. @param {Card} card */
export function refusedParameters({ endpoints, refuses }) {
  const lists = Object.entries(refuses).filter(([, names]) => names.length > 0);
  if (lists.length === 0) return null;
  return element(
    "details",
    {},
    element("summary", {}, "Parameters that this model refuses"),
    element(
      "dl",
      { class: "refused" },
      ...lists.map(([endpoint, names]) =>
        element(
          "div",
          {},
          element("dt", {}, endpoints.find(({ name }) => name === endpoint)?.title ?? endpoint),
          element("dd", { class: "row" }, ...names.map((name) => element("code", { class: "tag" }, name))),
        ),
      ),
    ),
  );
}
