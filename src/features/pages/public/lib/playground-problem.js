// A problem with an answer, in words, with buttons for what to do next.

import { ApiProblem, explain } from "./api.js";
import { byId, element } from "./dom.js";
import { notice, openTokenDialog } from "./site.js";

/** @typedef {{ retry: () => void, edit: () => void, withoutEffort: () => void,
 *   isKept: () => boolean | undefined }} Actions */

/**
 * Shows an error with its next action.
 * @param {unknown} error
 * @param {Actions} actions
 */
export function problemNotice(error, { retry, edit, withoutEffort, isKept }) {
  const again = button("Try again", retry);
  const change = button("Edit the message", edit);
  if (!(error instanceof ApiProblem)) return withActions(error, [again]);
  if (error.status === 0) {
    return notice("bad", "The connection was lost", "Check your network. ", lostAdvice(isKept()), row([again]));
  }
  switch (error.body.code) {
    case "invalid_api_key":
      return withActions(error, [button("Enter a token", openTokenDialog, "primary"), again]);
    case "insufficient_quota":
      return quotaNotice(error, [element("a", { class: "button", href: "/account" }, "See your usage"), again]);
    case "content_policy_violation":
    case "plan_limit_exceeded":
    case "context_length_exceeded":
    case "body_too_large":
    case "invalid_request":
      return withActions(error, [change]);
    case "model_not_allowed":
    case "model_not_found":
      return withActions(error, [button("Choose another model", () => byId("model").focus()), again]);
    case "unsupported_value":
      return withActions(error, isAboutEffort(error) ? [button("Send without an effort", withoutEffort)] : [again]);
    case "user_blocked":
      return withActions(error, []);
    default:
      return withActions(error, [again]);
  }
}

/** Some aliases have an effort of their own. @param {ApiProblem} error */
const isAboutEffort = ({ body }) => "param" in body && body.param === "effort";

/** @param {boolean | undefined} isKept the server keeps the answer; undefined when that is unknown */
function lostAdvice(isKept) {
  if (isKept === undefined) return "Then try again.";
  return isKept
    ? "Weir goes on with the answer and keeps it. Try again to get all of it: it is charged once."
    : "The rest of the answer is lost. A new try is a new answer, and is charged too.";
}

/** @param {ApiProblem} error @param {HTMLElement[]} buttons */
function quotaNotice(error, buttons) {
  const { window = "", reset_at: resetAt } = error.body;
  const [unit = "", per = ""] = window.split("/");
  const limit =
    per === "" ? "The limit of your plan is reached." : `You have used all ${unitName(unit)} of this ${per}.`;
  const until = resetAt === undefined ? "" : ` You can go on at ${timeOf(resetAt)}, in your local time.`;
  return notice("warn", "Your quota is used up", limit, until, row(buttons));
}

/**
 * Writes a time, without the date when it is today.
 * @param {number} seconds since the epoch
 */
function timeOf(seconds) {
  const date = new Date(seconds * 1000);
  const time = date.toLocaleTimeString(undefined, { timeStyle: "short" });
  const isToday = date.toDateString() === new Date().toDateString();
  return isToday ? time : `${time} on ${date.toLocaleDateString(undefined, { dateStyle: "medium" })}`;
}

/** @param {string} unit */
const unitName = (unit) => (unit === "usd" ? "dollars" : unit);

/** @param {unknown} error @param {HTMLElement[]} buttons */
function withActions(error, buttons) {
  const { title, advice } = explain(error);
  return notice("bad", title, advice, row(buttons));
}

/** @param {HTMLElement[]} buttons */
const row = (buttons) => buttons.length > 0 && element("span", { class: "row actions" }, ...buttons);

/** @param {string} text @param {() => void} click @param {string} [kind] */
const button = (text, click, kind = "") =>
  element("button", { type: "button", class: kind, click: () => click() }, text);
