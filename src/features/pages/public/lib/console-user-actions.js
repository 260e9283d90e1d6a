// The dialogs that change one user. Each change has a reason, and an id that makes a repeat harmless.

import { ask, field, reasonField } from "./console-dialog.js";
import { documentOf } from "./console-publication.js";
import { admin, changeId } from "./console-session.js";
import { report } from "./console-shell.js";
import { windowInWords } from "./console-user-changes.js";
import { element, formatAmount, formatTime } from "./dom.js";
import { notice } from "./site.js";

/**
 * @typedef {import("./console-user.js").Target} Target
 * @typedef {import("./console-user.js").User} User
 * @typedef {import("./console-user.js").QuotaWindow} QuotaWindow
 * @typedef {{ title: string, text: string, action: string, done: string, isDangerous?: boolean,
 *   fields?: Node[], decision: () => Record<string, unknown> }} Decision
 */

/**
 * @param {Target} target
 * @param {Decision} decision
 */
function askChange(target, { title, text, action, done, isDangerous = false, fields = [], decision }) {
  const reason = reasonField();
  const id = changeId();
  ask({
    title,
    action,
    isDangerous,
    body: [element("p", {}, text), ...fields, reason.view],
    repeat: "Weir may have made this change already. Sending it again is harmless.",
    async send() {
      const body = { ...decision(), reason: reason.value(), id };
      /** @type {User} */
      const user = await admin(`${target.path}/changes`, { body });
      target.show(user);
      report("good", done, "It holds from the user's next request on.");
    },
  });
}

/** @param {Target} target */
export function askBlock(target) {
  askChange(target, {
    title: "Block this user?",
    text: "Requests that cost tokens are refused until you unblock the user.",
    action: "Block",
    done: "The user is blocked.",
    isDangerous: true,
    decision: () => ({ kind: "block" }),
  });
}

/** @param {Target} target */
export function askUnblock(target) {
  askChange(target, {
    title: "Unblock this user?",
    text: "The user can send requests again.",
    action: "Unblock",
    done: "The user is no longer blocked.",
    decision: () => ({ kind: "unblock" }),
  });
}

/**
 * The key of a window, as a grant or a reset names it.
 * @param {QuotaWindow} window
 */
const keyOf = ({ unit, per, models }) => [unit, per, ...(models ? [models.toSorted().join(",")] : [])].join("/");

/**
 * @param {Target} target
 * @param {QuotaWindow} window
 */
export function askGrant(target, window) {
  const { unit, limit, reset_at: resetAt } = window;
  const isUsd = unit === "usd";
  const amount = element("input", {
    type: "number",
    min: isUsd ? "0.01" : 1,
    step: isUsd ? "0.01" : 1,
    required: true,
    inputmode: "decimal",
  });
  askChange(target, {
    title: `Grant more ${windowInWords(keyOf(window))}?`,
    text: `The limit is ${formatAmount(unit, limit)}. A grant raises it until ${formatTime(resetAt)}.`,
    action: "Grant",
    done: "The limit is raised.",
    fields: [field(isUsd ? "Dollars" : unit === "tokens" ? "Tokens" : "Requests", amount, "This much more.")],
    decision: () => ({ kind: "grant", window: keyOf(window), amount: Number(amount.value) }),
  });
}

/**
 * @param {Target} target
 * @param {QuotaWindow} window
 */
export function askReset(target, window) {
  const { unit, used } = window;
  askChange(target, {
    title: `Reset ${windowInWords(keyOf(window))}?`,
    text: `The user has used ${formatAmount(unit, used)} of it. The use of the present period becomes zero.`,
    action: "Reset",
    done: "The use is zero again.",
    decision: () => ({ kind: "reset", window: keyOf(window) }),
  });
}

/**
 * @param {Target} target
 * @param {User} user
 */
export async function askPlan(target, { plan }) {
  const plans = await plansOf();
  const choices = plans?.map((name) => element("option", { value: name }, name));
  const control = choices
    ? element("select", {}, element("option", { value: "" }, "The plan that the token names"), choices)
    : element("input", { autocomplete: "off" });
  control.value = plan.stored ?? "";
  askChange(target, {
    title: "Change the plan of this user?",
    text: "A plan that you set replaces the one that the token names.",
    action: "Change the plan",
    done: "The plan is changed.",
    fields: [field("Plan", control, choices ? undefined : "Leave it empty for the plan that the token names.")],
    decision: () => ({ kind: "plan", plan: control.value.trim() === "" ? null : control.value.trim() }),
  });
}

/** The plans of the active catalog, or undefined where the catalog cannot be read. */
async function plansOf() {
  try {
    const catalog = /** @type {{ plans: object }} */ (await documentOf("active"));
    return Object.keys(catalog.plans);
  } catch {
    return undefined;
  }
}

/** @param {Target} target */
export function askRevoke(target) {
  const before = element("input", { type: "datetime-local", step: 1 });
  askChange(target, {
    title: "Revoke the tokens of this user?",
    text: "Weir refuses tokens that were issued before this time. The app must get a new token.",
    action: "Revoke",
    done: "The tokens are revoked.",
    isDangerous: true,
    fields: [field("Issued before", before, "In your local time. Leave it empty to revoke all tokens until now.")],
    decision: () => ({
      kind: "revoke",
      ...(before.value === "" ? {} : { before: new Date(before.value).toISOString() }),
    }),
  });
}

/** @param {Target} target */
export function askDelete(target) {
  const { subject } = target.identity;
  const typed = element("input", { required: true, autocomplete: "off", autocapitalize: "off", spellcheck: "false" });
  const check = () => typed.setCustomValidity(typed.value === subject ? "" : `Type ${subject} to confirm.`);
  typed.addEventListener("input", check);
  check();
  ask({
    title: "Delete everything about this user?",
    action: "Delete",
    isDangerous: true,
    body: [
      element(
        "p",
        {},
        "Use, grants, plan and changes are deleted, and running answers are cancelled. This cannot be undone.",
      ),
      element("p", {}, "A block stays. Tokens that exist now stay refused for a year."),
      field(`Type the subject to confirm: ${subject}`, typed),
    ],
    repeat: "Weir may have deleted the user already. Sending it again is harmless.",
    async send() {
      const result = await admin(target.path, { method: "DELETE" });
      target.gone(deletionResult(result.not_deleted));
      report("good", `Everything that Weir finds about ${subject} is deleted.`, "");
    },
  });
}

/** @param {string[]} remaining */
function deletionResult(remaining) {
  const view = notice("", "These data are elsewhere, and are not deleted:");
  const list = element(
    "ul",
    {},
    remaining.map((item) => element("li", {}, item)),
  );
  view.append(list);
  return view;
}
