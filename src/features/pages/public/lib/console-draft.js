// The text that the operator edits. It outlives the section and a new sign-in, but not the page.

import { documentOf } from "./console-publication.js";

/**
 * @typedef {object} Draft
 * @property {string} text
 * @property {string} saved the text as it was loaded or stored
 * @property {string} source the revision or the file that it comes from
 * @property {string} expected the active revision that the operator has seen beside it
 */

/** @type {Draft | undefined} */
let draft;

export const currentDraft = () => draft;

/** Tests if the text has changes that are stored nowhere. */
export const hasUnsavedText = () => draft !== undefined && draft.text !== draft.saved;

/**
 * Replaces the draft by the document of a revision.
 * @param {string} revision
 * @param {string} expected
 */
export async function draftRevision(revision, expected) {
  const text = JSON.stringify(await documentOf(revision), null, 2);
  draft = { text, saved: text, source: revision, expected };
  return draft;
}

/**
 * Replaces the draft by the content of a file. It counts as unsaved.
 * @param {string} text
 * @param {string} source
 * @param {string} expected
 */
export function draftFile(text, source, expected) {
  draft = { text, saved: "", source, expected };
  return draft;
}

/**
 * Parses the text. The fault is for the operator.
 * @param {string} text
 * @returns {{ document: Record<string, unknown> } | { fault: string, position: number | undefined }}
 */
export function parseDraft(text) {
  try {
    const document = JSON.parse(text);
    if (typeof document === "object" && document !== null && !Array.isArray(document)) return { document };
    return { fault: "The document must be an object: { … }.", position: 0 };
  } catch (error) {
    const message = /** @type {Error} */ (error).message;
    const position = /position (\d+)/.exec(message)?.[1];
    return { fault: `This is not JSON: ${message}.`, position: position === undefined ? undefined : Number(position) };
  }
}
