// What the model pages show when the models cannot be loaded: a request for a token, or an error.

import { ApiProblem, explain } from "./api.js";
import { element } from "./dom.js";
import { token } from "./session.js";
import { notice, openTokenDialog } from "./site.js";

/**
 * @param {unknown} error
 * @param {() => void} retry
 */
export function loadProblem(error, retry) {
  const needsToken = error instanceof ApiProblem && (error.status === 401 || (error.status === 404 && token() === ""));
  if (needsToken) {
    const isOld = token() !== "";
    return element(
      "div",
      { class: "stack" },
      notice(
        "",
        isOld ? "Your token is expired or not valid" : "You need a token to see the models",
        isOld
          ? "Paste a new token to see the models of this server."
          : "The models of this server are not public. Add the token that your app uses.",
      ),
      element(
        "div",
        {},
        element("button", { type: "button", class: "primary", click: () => openTokenDialog() }, "Add token"),
      ),
    );
  }
  const { title, advice } = explain(error);
  return element(
    "div",
    { class: "stack" },
    notice("bad", title, advice || "Check your connection, and try again."),
    element("div", {}, element("button", { type: "button", click: retry }, "Try again")),
  );
}
