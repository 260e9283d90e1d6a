// The code of the request: one tab for each language, and a button that copies.

import { LANGUAGES, codeOf } from "./code-samples.js";
import { byId, element } from "./dom.js";

/** @typedef {import("./code-samples.js").SampleRequest} SampleRequest */

let current = LANGUAGES[0]?.id ?? "";
/** @type {SampleRequest | undefined} */
let shown;

/** Creates the tabs and the button. */
export function startCode() {
  const tabs = LANGUAGES.map(({ id, title }) =>
    element(
      "button",
      { type: "button", role: "tab", id: `tab-${id}`, "aria-controls": "code-panel", click: () => select(id) },
      title,
    ),
  );
  byId("tabs").append(...tabs);
  byId("tabs").addEventListener("keydown", moveFocus);
  byId("copy").addEventListener("click", () => void copy());
  select(current);
}

/**
 * Shows the code of a request.
 * @param {SampleRequest} request
 */
export function showCode(request) {
  shown = request;
  const code = codeOf(current, request);
  const place = byId("code");
  if (place.textContent !== code) place.textContent = code;
}

/** @param {string} id */
function select(id) {
  current = id;
  for (const { id: language } of LANGUAGES) {
    const tab = byId(`tab-${language}`);
    tab.setAttribute("aria-selected", String(language === id));
    tab.tabIndex = language === id ? 0 : -1;
  }
  byId("code-panel").setAttribute("aria-labelledby", `tab-${id}`);
  byId("code-note").textContent = LANGUAGES.find((language) => language.id === id)?.note ?? "";
  if (shown) showCode(shown);
}

/**
 * Arrow keys, Home and End move between tabs.
 * @param {KeyboardEvent} event
 */
function moveFocus(event) {
  const at = LANGUAGES.findIndex(({ id }) => id === current);
  const last = LANGUAGES.length - 1;
  const to = new Map([
    ["ArrowRight", at === last ? 0 : at + 1],
    ["ArrowLeft", at === 0 ? last : at - 1],
    ["Home", 0],
    ["End", last],
  ]).get(event.key);
  const next = to === undefined ? undefined : LANGUAGES[to];
  if (!next) return;
  event.preventDefault();
  select(next.id);
  byId(`tab-${next.id}`).focus();
}

async function copy() {
  const button = byId("copy");
  const place = byId("code");
  try {
    await navigator.clipboard.writeText(place.textContent ?? "");
    button.textContent = "Copied";
  } catch {
    // Without TLS there is no clipboard. The user copies the selected code with the keyboard.
    getSelection()?.selectAllChildren(place);
    place.focus();
    button.textContent = "Selected: copy it";
  }
  setTimeout(() => (button.textContent = "Copy"), 2000);
}
