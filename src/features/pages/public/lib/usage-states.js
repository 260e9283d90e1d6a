// The account page without data: no token, loading, and errors.

import { ApiProblem, explain } from "./api.js";
import { element, formatTime } from "./dom.js";
import { notice, openTokenDialog } from "./site.js";
import { claims } from "./usage-data.js";

const tokenButton = (/** @type {string} */ text) =>
  element("button", { type: "button", class: "primary", click: () => openTokenDialog() }, text);

/** Asks for a token. */
export function noToken() {
  return element(
    "section",
    { class: "card account-empty" },
    element("h2", {}, "See your plan and your use"),
    element(
      "p",
      { class: "muted" },
      "This page needs your token. It shows your limits, what is left, and your use by day.",
    ),
    tokenButton("Add token"),
  );
}

const lines = (/** @type {number} */ count) =>
  Array.from({ length: count }, () => element("div", { class: "placeholder" }));

/** Grey shapes in place of the cards while the first data loads. */
export function placeholders() {
  return element(
    "div",
    { class: "stack", role: "status", "aria-label": "Your account is loading" },
    element(
      "div",
      { class: "columns" },
      element("div", { class: "card stack" }, ...lines(5)),
      element("div", { class: "card stack" }, ...lines(4)),
    ),
    element("div", { class: "card stack" }, element("div", { class: "placeholder tall" })),
  );
}

/**
 * A notice about an error, with the button that helps.
 * @param {unknown} error
 * @param {{ isOld: boolean, retry: () => unknown }} options `isOld`: the page still shows earlier data
 */
export function problem(error, { isOld, retry }) {
  const status = error instanceof ApiProblem ? error.status : -1;
  const { title, advice } = wordsFor(error, status);
  const shown = notice(
    status === 0 || isOld ? "warn" : "bad",
    title,
    isOld ? `${advice} The page shows the data from before.` : advice,
  );
  const retryButton = element("button", { type: "button", click: () => void retry() }, "Try again");
  shown.append(element("p", { class: "row" }, status === 401 ? tokenButton("Add a new token") : retryButton));
  return shown;
}

/**
 * @param {unknown} error
 * @param {number} status
 */
function wordsFor(error, status) {
  const { endsAt } = claims();
  if (status === 401 && endsAt !== undefined && endsAt * 1000 < Date.now()) {
    return { title: "Your token has expired", advice: `It was valid until ${formatTime(endsAt)}. Add a new one.` };
  }
  if (status === 0) {
    return { title: "The server could not be reached", advice: "Check your internet connection, and try again." };
  }
  if (error instanceof ApiProblem && error.body.code === "quota_unavailable") {
    return { title: "Your account could not be read", advice: "Please try again in a moment." };
  }
  return explain(error);
}
