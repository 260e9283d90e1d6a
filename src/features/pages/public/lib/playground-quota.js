// The quota beside the conversation: asked for once, then moved by each answer.

import { ApiProblem, json } from "./api.js";
import { element, fill } from "./dom.js";
import { meter } from "./meter.js";
import { token } from "./session.js";

/** @typedef {import("./meter.js").QuotaWindow} QuotaWindow */

/** @type {QuotaWindow[]} */
let windows = [];
let asked = 0;
/** The token whose quota is shown. */
let owner = "";

/**
 * Asks for the user's quota and shows it.
 * @param {HTMLElement} place
 */
export async function refreshQuota(place) {
  asked += 1;
  if (owner !== token()) windows = [];
  owner = token();
  const mine = asked;
  if (token() === "") {
    windows = [];
    fill(place, element("p", { class: "muted" }, "Add a token to see what you may still use."));
    return;
  }
  try {
    const usage = await json("/usage");
    if (mine !== asked) return;
    windows = usage.windows;
    show(place, usage.plan);
  } catch (error) {
    if (mine !== asked || windows.length > 0) return;
    const isMissing = error instanceof ApiProblem && error.status === 404;
    const text = isMissing ? "This server does not show quotas." : "The quota could not be loaded.";
    fill(place, element("p", { class: "muted" }, text));
  }
}

/**
 * Moves the bars to what is left after an answer.
 * @param {HTMLElement} place
 * @param {Record<string, number>} left the field `left` of `done`
 */
export function moveQuota(place, left) {
  windows = windows.map((window) => {
    const rest = left[keyOf(window)];
    if (rest === undefined) return window;
    return { ...window, left: rest, reserved: 0, used: Math.max(0, round(window.limit - rest)) };
  });
  show(place);
}

/** @param {QuotaWindow} window */
const keyOf = ({ unit, per, models }) => `${unit}/${per}${models ? `/${models.toSorted().join(",")}` : ""}`;

/** Removes the error of a difference of dollars. @param {number} amount */
const round = (amount) => Math.round(amount * 1e9) / 1e9;

let plan = "";

/** @param {HTMLElement} place @param {string} [name] the name of the plan */
function show(place, name = plan) {
  plan = name;
  fill(
    place,
    element("p", { class: "muted" }, "Your plan: ", element("strong", {}, plan)),
    windows.length === 0 && element("p", { class: "muted" }, "This plan has no limits."),
    windows.map(meter),
    element("a", { href: "/account" }, "Usage by day"),
  );
}
