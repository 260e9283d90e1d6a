// The sign-in of an operator: the admin token goes into a variable, after Weir has accepted it.

import { ApiProblem, json } from "./api.js";
import { element, fill } from "./dom.js";
import { notice } from "./site.js";

/** Weir checks the token before it looks for the route, so this also works where the feature is absent. */
const CHECKED = "/admin/catalog";

/**
 * The form that asks for the admin token.
 * @param {string} reason why the operator has to sign in again; "" at first
 * @param {(token: string) => void} accepted
 */
export function loginForm(reason, accepted) {
  const field = element("input", {
    id: "admin-token",
    type: "password",
    autocomplete: "off",
    autocapitalize: "off",
    spellcheck: "false",
    required: true,
    "aria-describedby": "admin-token-hint",
  });
  const button = element("button", { type: "submit", class: "primary" }, "Open the console");
  const result = element("div", { "aria-live": "polite" }, reason !== "" && notice("warn", reason));
  const submit = async (/** @type {Event} */ event) => {
    event.preventDefault();
    const token = field.value.trim();
    if (token === "") return;
    button.disabled = true;
    button.textContent = "Checking…";
    const fault = await faultOf(token);
    button.disabled = false;
    button.textContent = "Open the console";
    if (fault === undefined) {
      field.value = "";
      return accepted(token);
    }
    fill(result, notice("bad", fault.title, fault.advice));
    field.select();
  };
  const form = element(
    "form",
    { class: "card stack console-login", submit },
    element(
      "div",
      {},
      element("h1", {}, "Console"),
      element("p", { class: "lead" }, "Publish catalogs, look after users, and watch the budget."),
    ),
    result,
    element(
      "div",
      {},
      element("label", { for: "admin-token" }, "Admin token"),
      field,
      element(
        "p",
        { class: "hint", id: "admin-token-hint" },
        "The value of the secret ",
        element("code", {}, "ADMIN_TOKEN"),
        ". On a development server it is in the file ",
        element("code", {}, ".dev.vars"),
        ".",
      ),
    ),
    button,
    element("p", { class: "hint" }, "The token stays in the memory of this page. A reload forgets it."),
  );
  return { form, focus: () => field.focus() };
}

/** @param {string} token */
async function faultOf(token) {
  if (!/^[\x21-\x7e]+$/.test(token)) {
    return { title: "This is not an admin token", advice: "A token has no spaces and no special characters." };
  }
  try {
    await json(CHECKED, { bearer: token });
    return undefined;
  } catch (thrown) {
    if (!(thrown instanceof ApiProblem)) throw thrown;
    if (thrown.status === 401) {
      const advice = "Check the value. If this deployment has no ADMIN_TOKEN, Weir refuses every token.";
      return { title: "Weir refused this token", advice };
    }
    if (thrown.status === 0) return { title: thrown.message, advice: "Check your connection, and try again." };
    // Any other answer comes after the check of the token. Each section explains its own problems.
    return undefined;
  }
}
