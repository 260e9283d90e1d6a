// The header and footer of every page, and the dialog for the user's token.

import { element } from "./dom.js";
import { offerToken, onToken, setToken, token } from "./session.js";

const PAGES = [
  ["/", "Playground"],
  ["/models", "Models"],
  ["/compare", "Compare"],
  ["/account", "Account"],
  ["/console", "Console"],
];

const SVG = "http://www.w3.org/2000/svg";

/**
 * Adds header and footer, and takes the token that a development server offers. Resolves when the token is known.
 * @param {{ hasToken?: boolean }} [options] `hasToken`: the page shows the button for the user's token
 */
export async function startPage({ hasToken = true } = {}) {
  const nav = element("nav", { "aria-label": "Pages" }, ...PAGES.map(([path = "", title = ""]) => link(path, title)));
  const brand = element("a", { class: "brand", href: "/" }, wave(), "Weir");
  const header = element("header", { class: "site" }, element("div", {}, brand, nav, hasToken && tokenButton()));
  const skip = element("a", { class: "skip", href: "#main" }, "Skip to the content");
  document.body.prepend(skip, header);
  // On a phone, the link of this page may be outside of the scrolled menu.
  nav.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
  const note = "Weir puts a language model behind a mobile app. Your token stays in this tab.";
  document.body.append(element("footer", {}, element("div", {}, note)));
  if (hasToken) await offerToken().catch(() => undefined);
}

/** @param {string} path @param {string} title */
function link(path, title) {
  const here = location.pathname;
  const isCurrent = path === "/" ? here === "/" : here === path || here.startsWith(`${path}/`);
  return element("a", { href: path, "aria-current": isCurrent ? "page" : undefined }, title);
}

/** The mark: a wave that falls over a wall. */
function wave() {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", "M2 7h8c3 0 4 2 4 5s1 5 4 5h4M2 12h6m-6 5h8");
  for (const [name, value] of Object.entries({ fill: "none", stroke: "currentColor", "stroke-width": "2.2" })) {
    path.setAttribute(name, value);
  }
  path.setAttribute("stroke-linecap", "round");
  svg.append(path);
  return svg;
}

function tokenButton() {
  const button = element("button", { type: "button", "aria-haspopup": "dialog", click: () => openTokenDialog() });
  const show = () => (button.textContent = token() === "" ? "Add token" : "Token");
  show();
  onToken(show);
  return button;
}

/** Opens the dialog in which the user pastes or removes the token. */
export function openTokenDialog() {
  const field = element("textarea", {
    id: "token-field",
    rows: 4,
    class: "mono",
    autocomplete: "off",
    spellcheck: "false",
    placeholder: "eyJhbGciOi…",
  });
  field.value = token();
  const dialog = element("dialog", { "aria-labelledby": "token-title" });
  const close = () => {
    dialog.close();
    dialog.remove();
  };
  const save = (/** @type {Event} */ event) => {
    event.preventDefault();
    setToken(field.value);
    close();
  };
  const remove = () => {
    setToken("");
    close();
  };
  dialog.append(
    element(
      "form",
      { class: "stack", submit: save },
      element("h2", { id: "token-title" }, "Your token"),
      element(
        "p",
        { class: "muted" },
        "Paste the token that your app gets from its backend. In development, ",
        element("code", {}, "npm run -s token -- alice --plan pro"),
        " prints one. It stays in this tab and is gone when you close it.",
      ),
      element("div", {}, element("label", { for: "token-field" }, "Token"), field),
      element(
        "div",
        { class: "row between" },
        element("button", { type: "button", class: "quiet", click: remove }, "Remove it"),
        element(
          "div",
          { class: "row" },
          element("button", { type: "button", click: close }, "Cancel"),
          element("button", { type: "submit", class: "primary" }, "Use this token"),
        ),
      ),
    ),
  );
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}

/**
 * A notice with a title and advice, for an error or a hint.
 * @param {"good" | "warn" | "bad" | ""} kind
 * @param {string} title
 * @param {...import("./dom.js").Child} advice
 */
export function notice(kind, title, ...advice) {
  return element(
    "div",
    { class: `notice ${kind}`, role: kind === "bad" ? "alert" : "status" },
    element("p", {}, element("strong", {}, title)),
    advice.length > 0 && element("p", {}, ...advice),
  );
}
