// The account page: the caller's plan, its windows, and the use by day.

import { ApiProblem } from "./lib/api.js";
import { byId, fill } from "./lib/dom.js";
import { onToken, token } from "./lib/session.js";
import { startPage } from "./lib/site.js";
import { loadUsage, nextReset } from "./lib/usage-data.js";
import { historyCard } from "./lib/usage-history.js";
import { limitsCard, planCard } from "./lib/usage-plan.js";
import { noToken, placeholders, problem } from "./lib/usage-states.js";

/** A tab that becomes visible refreshes data that is older than this. */
const OLD_MS = 10_000;

const content = byId("content");
const problems = byId("problem");
const updated = byId("updated");
const refreshButton = /** @type {HTMLButtonElement} */ (byId("refresh"));
const clock = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });

let loadedAt = 0;
let tokenChanged = false;
/** @type {ReturnType<typeof createView> | undefined} */
let view;
/** @type {AbortController | undefined} */
let running;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;

/** The cards of a user. They stay on the page when the data is refreshed, so that focus and choices stay too. */
function createView() {
  const [limits, plan, history] = [limitsCard(), planCard(), historyCard()];
  const columns = document.createElement("div");
  columns.className = "columns";
  columns.append(limits.element, plan.element);
  fill(content, columns, history.element);
  return {
    /** @param {import("./lib/usage-data.js").Usage} usage */
    show(usage) {
      limits.show(usage);
      plan.show(usage);
      history.show(usage.history);
    },
  };
}

/** Forgets everything that belongs to a token. */
function clear() {
  running?.abort();
  clearTimeout(timer);
  view = undefined;
  loadedAt = 0;
  updated.textContent = "";
  fill(problems);
}

/**
 * Loads and shows the data. Only a refresh that the user asked for is announced.
 * @param {{ isAsked?: boolean }} [options]
 */
async function refresh({ isAsked = false } = {}) {
  if (token() === "") {
    clear();
    byId("refresh-row").hidden = true;
    keepFocus(() => fill(content, noToken()));
    return;
  }
  running?.abort();
  clearTimeout(timer);
  running = new AbortController();
  const { signal } = running;
  refreshButton.textContent = "Refreshing…";
  if (!view && content.childElementCount === 0) fill(content, placeholders());
  try {
    const usage = await loadUsage(signal);
    if (signal.aborted) return;
    keepFocus(() => {
      fill(problems);
      view ??= createView();
      view.show(usage);
    });
    byId("refresh-row").hidden = false;
    loadedAt = Date.now();
    updated.setAttribute("aria-live", isAsked ? "polite" : "off");
    updated.textContent = `Updated ${clock.format(loadedAt)}`;
    schedule(nextReset(usage));
  } catch (error) {
    if (signal.aborted) return;
    keepFocus(() => showProblem(error));
  }
  refreshButton.textContent = "Refresh";
}

/**
 * Replaces parts of the page. If the focus was in one of them, or in a dialog that is gone, it moves to the title.
 * @param {() => void} change
 */
function keepFocus(change) {
  const before = document.activeElement;
  change();
  const isLost = (before !== document.body && !before?.isConnected) || (before === document.body && tokenChanged);
  tokenChanged = false;
  if (isLost) byId("title").focus({ preventScroll: true });
}

/**
 * Shows an error. Data of a user who is refused is removed; other errors leave the last data on the page.
 * @param {unknown} error
 */
function showProblem(error) {
  const isRefused = error instanceof ApiProblem && (error.status === 401 || error.status === 403);
  if (isRefused || !view) {
    view = undefined;
    fill(content);
  }
  byId("refresh-row").hidden = view === undefined;
  fill(problems, problem(error, { isOld: view !== undefined, retry: () => refresh({ isAsked: true }) }));
}

/**
 * Refreshes when the next window starts again.
 * @param {number | undefined} at epoch ms
 */
function schedule(at) {
  if (at === undefined) return;
  const delayMs = Math.max(1000, at - Date.now() + 1000);
  // Longer timers are not exact, and a tab that becomes visible refreshes anyway.
  if (delayMs < 86_400_000) timer = setTimeout(refreshIfVisible, delayMs);
}

function refreshIfVisible() {
  if (document.visibilityState === "visible") void refresh();
}

await startPage();
refreshButton.addEventListener("click", () => void refresh({ isAsked: true }));
document.addEventListener("visibilitychange", () => {
  if (Date.now() - loadedAt > OLD_MS) refreshIfVisible();
});
addEventListener("online", refreshIfVisible);
onToken(() => {
  clear();
  fill(content);
  tokenChanged = true;
  // The dialog closes first.
  setTimeout(() => void refresh());
});
await refresh();
