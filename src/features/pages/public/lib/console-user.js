// The section Users: one user, found by issuer and subject: plan, windows, decisions, export and deletion.

import { changesCard, historyCard } from "./console-user-changes.js";
import { askBlock, askDelete, askGrant, askPlan, askReset, askRevoke, askUnblock } from "./console-user-actions.js";
import { field } from "./console-dialog.js";
import { saveAs } from "./console-editor.js";
import { formatIso } from "./console-publication.js";
import { admin, adminFile, isMissing } from "./console-session.js";
import { clearReport, problem } from "./console-shell.js";
import { element, fill, formatNumber } from "./dom.js";
import { meter } from "./meter.js";

/**
 * @typedef {import("./meter.js").QuotaWindow} QuotaWindow
 * @typedef {{ kind: string, id: string, at: string, reason: string, plan?: string | null, window?: string,
 *   amount?: number, before?: string }} Change
 * @typedef {{ logged_as: string, plan: { stored: string | null, shown: string }, blocked: boolean,
 *   tokens_revoked_before: string | null, windows: QuotaWindow[], leases: { running: number, allowed: number },
 *   changes: Change[], history?: import("./usage-data.js").Day[] }} User
 * @typedef {{ issuer: string, subject: string }} Identity
 * @typedef {{ identity: Identity, path: string, show: (user: User) => void, gone: (result: HTMLElement) => void }} Target
 */

/** The user on the page. It is not in the address, because a subject can be a name. @type {Identity} */
let shown = { issuer: "weir", subject: "" };

/** Forgets the user, for example when the operator signs out. */
export function forgetUser() {
  shown = { issuer: "weir", subject: "" };
}

/** @type {import("./console-shell.js").Section} */
export const userSection = {
  id: "user",
  title: "Users",
  absent: "This deployment has no feature admin-users, so operators cannot see or change users.",
  async open(view) {
    const result = element("div", { class: "stack" });
    const issuer = element("input", { required: true, pattern: "[^\\|]+", autocomplete: "off", autocapitalize: "off" });
    const subject = element("input", {
      required: true,
      autocomplete: "off",
      autocapitalize: "off",
      spellcheck: "false",
    });
    issuer.value = shown.issuer;
    subject.value = shown.subject;
    const find = async () => {
      // The request for a user is the first one that needs the route.
      if (await load(result)) fill(view, element("p", { class: "muted" }, userSection.absent));
    };
    const submit = (/** @type {Event} */ event) => {
      event.preventDefault();
      clearReport();
      shown = { issuer: issuer.value.trim(), subject: subject.value.trim() };
      void find().then(() => result.querySelector("h3")?.focus());
    };
    fill(
      view,
      element(
        "form",
        { class: "card find-user", submit },
        field("Issuer", issuer, "Who signs the user's tokens: the claim iss."),
        field("Subject", subject, "The user's name in the token: the claim sub."),
        element("button", { type: "submit", class: "primary" }, "Show this user"),
      ),
      result,
    );
    if (shown.subject !== "") await find();
  },
};

/**
 * Loads the user. Returns true when the deployment has no route for users.
 * @param {HTMLElement} view
 * @returns {Promise<boolean>}
 */
async function load(view) {
  const identity = shown;
  /** Only this request brings the use by day. @type {User["history"]} */
  let history;
  const path = `/users/${encodeURIComponent(`${identity.issuer}|${identity.subject}`)}`;
  fill(view, element("p", { class: "muted", role: "status" }, "Loading…"));
  /** @type {Target} */
  const target = {
    identity,
    path,
    show: (user) => fill(view, ...userView(target, { history, ...user })),
    gone: (result) => fill(view, result),
  };
  try {
    const user = await admin(`${path}?days=30`);
    history = user.history;
    if (identity === shown) target.show(user);
  } catch (thrown) {
    if (isMissing(thrown)) return true;
    const again = problem(thrown, () => load(view));
    if (identity === shown) fill(view, again);
  }
  return false;
}

/** @param {string} text @param {() => void} click @param {string} [kind] */
const button = (text, click, kind = "") => element("button", { type: "button", class: kind, click }, text);

/**
 * @param {Target} target
 * @param {User} user
 */
function userView(target, user) {
  const { windows, changes, blocked } = user;
  const isUnknown = changes.length === 0 && windows.every(({ used, reserved }) => used === 0 && reserved === 0);
  return [
    element(
      "section",
      { class: "card stack", "aria-label": "User" },
      element(
        "div",
        { class: "row between" },
        element("h3", { class: "user-name", tabindex: -1 }, target.identity.subject),
        blocked
          ? element("span", { class: "tag bad" }, "blocked")
          : element("span", { class: "tag good" }, "not blocked"),
      ),
      isUnknown &&
        element(
          "p",
          { class: "muted tight" },
          "This user has no use and no changes. If you expected some, check issuer and subject.",
        ),
      facts(user),
      element(
        "div",
        { class: "row" },
        button("Change the plan…", () => askPlan(target, user)),
        blocked ? button("Unblock…", () => askUnblock(target)) : button("Block…", () => askBlock(target), "danger"),
        button("Revoke tokens…", () => askRevoke(target), "danger"),
      ),
    ),
    element(
      "section",
      { class: "card stack", "aria-label": "Quota" },
      element("h3", {}, "Quota of the plan ", element("code", {}, user.plan.shown)),
      windows.length === 0 && element("p", { class: "muted tight" }, "This plan has no limits."),
      windows.map((window) => windowView(target, window)),
    ),
    historyCard(user.history),
    changesCard(changes),
    dataCard(target, user),
  ];
}

/** @param {User} user */
function facts({ plan, leases, tokens_revoked_before: revoked, logged_as: loggedAs }) {
  const chosen =
    plan.stored === null
      ? `${plan.shown} (the default; a token can name another one)`
      : `${plan.stored} (set by an operator)`;
  /** @type {[string, import("./dom.js").Child][]} */
  const rows = [
    ["Plan", chosen],
    ["Running requests", `${formatNumber(leases.running)} of ${formatNumber(leases.allowed)} allowed`],
    ["Tokens", revoked === null ? "none revoked" : `issued before ${formatIso(revoked)} are revoked`],
    ["Name in the log", element("code", {}, loggedAs)],
  ];
  return element(
    "dl",
    { class: "user-facts" },
    rows.map(([term, fact]) => element("div", {}, element("dt", {}, term), element("dd", {}, fact))),
  );
}

/**
 * @param {Target} target
 * @param {QuotaWindow} window
 */
function windowView(target, window) {
  return element(
    "div",
    { class: "window" },
    meter(window),
    element(
      "div",
      { class: "row" },
      button("Grant more…", () => askGrant(target, window), "small"),
      button("Reset…", () => askReset(target, window), "small"),
    ),
  );
}

/**
 * @param {Target} target
 * @param {User} user
 */
function dataCard(target, { logged_as: loggedAs }) {
  const result = element("div", { "aria-live": "polite" });
  const save = async () => {
    fill(result);
    try {
      saveAs(await adminFile(`${target.path}/export`), `user-${loggedAs}.json`);
      fill(result, element("p", { class: "muted tight" }, "The file is in your downloads."));
    } catch (thrown) {
      fill(result, problem(thrown, save));
    }
  };
  return element(
    "section",
    { class: "card stack", "aria-label": "Data" },
    element("h3", {}, "Data of this user"),
    element(
      "p",
      { class: "muted tight" },
      "The export holds everything that Weir stores about the user. A deletion cannot be undone.",
    ),
    element(
      "div",
      { class: "row" },
      button("Export as a file", save),
      button("Delete…", () => askDelete(target), "danger"),
    ),
    result,
  );
}
