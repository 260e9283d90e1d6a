// The published revisions, as the page has last seen them, and changes of them. Every change names what it expects.

import { ApiProblem } from "./api.js";
import { admin } from "./console-session.js";
import { formatTime } from "./dom.js";

/**
 * @typedef {{ at: string, kind: "store" | "activate" | "canary" | "rollback", revision: string, percent?: number,
 *   author: string | null, note: string | null }} HistoryEntry
 * @typedef {{ active: string, previous: string | null, canary: { revision: string, percent: number } | null,
 *   published_at: string | null, seen_everywhere_by: string | null, history: HistoryEntry[] }} Publication
 * @typedef {Publication & { revision: string, warnings?: string[] }} Published
 * @typedef {{ author: string, note?: string }} Intent
 */

/** The revision in the Worker's code. */
export const BUNDLED = "bundled";

/** Names that lead to different documents over time. All other revisions never change. */
const MOVING = new Set([BUNDLED, "active", "previous", "canary"]);

/** @type {Map<string, unknown>} */
const documents = new Map();

/** @returns {Promise<Publication>} */
export const loadPublication = () => admin("/catalog");

/**
 * Returns the document of a revision.
 * @param {string} revision
 * @returns {Promise<unknown>}
 */
export async function documentOf(revision) {
  const known = documents.get(revision);
  if (known !== undefined) return known;
  const loaded = await admin(`/catalog/${encodeURIComponent(revision)}`);
  if (!MOVING.has(revision)) documents.set(revision, loaded);
  return loaded;
}

/**
 * Stores a document, and activates it if asked to.
 * @param {unknown} document
 * @param {boolean} activate
 * @param {string} expected the active revision that the operator has seen
 * @param {Intent} intent
 * @returns {Promise<Published>}
 */
export function publish(document, activate, expected, intent) {
  const query = new URLSearchParams({ ...intent, expected, activate: String(activate) });
  return admin(`/catalog?${query}`, { method: "PUT", body: document });
}

/**
 * Activates a revision, changes the canary, or rolls back.
 * @param {"activate" | "canary" | "rollback"} kind
 * @param {{ revision?: string, percent?: number }} target
 * @param {string} expected
 * @param {Intent} intent
 * @returns {Promise<Published>}
 */
export function move(kind, target, expected, intent) {
  return admin(`/catalog/${kind}`, { body: { ...target, ...intent, expected } });
}

/**
 * Tests if a change was refused because another revision became active.
 * @param {unknown} thrown
 */
export const isConflict = (thrown) => thrown instanceof ApiProblem && thrown.body.code === "revision_conflict";

/**
 * Returns the faults of a refused catalog, or undefined for another error.
 * @param {unknown} thrown
 * @returns {string[] | undefined}
 */
export function faultsOf(thrown) {
  if (!(thrown instanceof ApiProblem) || thrown.body.code !== "invalid_catalog") return undefined;
  const [, ...faults] = thrown.body.message.split("\n");
  return faults.length > 0 ? faults : [thrown.body.message];
}

/**
 * The revisions that can be shown and activated: those of the history, and the one in the Worker.
 * @param {Publication} publication
 */
export function revisionsOf({ active, previous, canary, history }) {
  const named = [active, canary?.revision, previous, ...history.map(({ revision }) => revision), BUNDLED];
  return [...new Set(named.filter((revision) => typeof revision === "string"))];
}

/**
 * Names a revision with its latest note, for a list.
 * @param {Publication} publication
 * @param {string} revision
 */
export function labelOf({ active, previous, canary, history }, revision) {
  const roles = [
    revision === active && "active",
    revision === canary?.revision && "canary",
    revision === previous && "previous",
    revision === BUNDLED && "in the Worker",
  ].filter((role) => role !== false);
  const entries = history.filter((other) => other.revision === revision);
  const about = [...roles, entries.find(({ note }) => note)?.note ?? (entries[0] && formatIso(entries[0].at))].filter(
    Boolean,
  );
  return about.length > 0 ? `${revision} (${about.join(", ")})` : revision;
}

/**
 * Formats an ISO 8601 time in local time.
 * @param {string} iso
 */
export const formatIso = (iso) => formatTime(Date.parse(iso) / 1000);

/**
 * Describes an entry of the history: "Canary for 10 %".
 * @param {HistoryEntry} entry
 */
export function kindInWords({ kind, percent }) {
  if (kind === "canary") return percent ? `Canary for ${percent} %` : "Canary ended";
  return { store: "Stored", activate: "Activated", rollback: "Rolled back" }[kind];
}
