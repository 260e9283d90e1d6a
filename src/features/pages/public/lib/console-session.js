// The admin token: in a variable of this page only, so that a reload forgets it. And the requests that use it.

import { ApiProblem, explain, json, request } from "./api.js";

/** @typedef {import("./api.js").Options} Options */

let adminToken = "";

/** @type {(reason: string) => void} */
let onSignOut = () => undefined;

/**
 * Uses a token from now on.
 * @param {string} value
 * @param {(reason: string) => void} whenSignedOut called once the token is gone, with a reason for the operator
 */
export function signIn(value, whenSignedOut) {
  adminToken = value;
  onSignOut = whenSignedOut;
}

/**
 * Forgets the token.
 * @param {string} [reason]
 */
export function signOut(reason = "") {
  if (adminToken === "") return;
  adminToken = "";
  onSignOut(reason);
}

/**
 * Sends a request to a path under /admin and returns its JSON. A refused token signs out.
 * @param {string} path
 * @param {Options} [options]
 * @returns {Promise<any>}
 */
export async function admin(path, options = {}) {
  return withToken((bearer) => json(`/admin${path}`, { ...options, bearer }));
}

/**
 * Sends a request to a path under /admin and returns its body as a file.
 * @param {string} path
 * @returns {Promise<Blob>}
 */
export async function adminFile(path) {
  return withToken(async (bearer) => (await request(`/admin${path}`, { bearer })).blob());
}

/**
 * @template Result
 * @param {(bearer: string) => Promise<Result>} send
 */
async function withToken(send) {
  const used = adminToken;
  try {
    return await send(used);
  } catch (thrown) {
    const isRefused = thrown instanceof ApiProblem && thrown.status === 401;
    if (isRefused && used === adminToken) signOut("Weir refused the admin token. Enter it again.");
    throw thrown;
  }
}

/**
 * Tests if an error means that the deployment does not have the route.
 * @param {unknown} thrown
 */
export const isMissing = (thrown) =>
  thrown instanceof ApiProblem && thrown.status === 404 && thrown.body.code !== "revision_not_found";

/**
 * Tests if the server may have done what it was asked for: no response, or one of a failure.
 * @param {unknown} thrown
 */
export const isUncertain = (thrown) => thrown instanceof ApiProblem && (thrown.status === 0 || thrown.status >= 500);

/**
 * Explains an error to an operator.
 * @param {unknown} thrown
 */
export function explainToOperator(thrown) {
  if (!(thrown instanceof ApiProblem)) return explain(thrown);
  const { status, body } = thrown;
  if (status === 0) return { title: body.message, advice: "Check your connection, and try again." };
  if (status === 401) return { title: "The admin token is not valid", advice: "Enter it again." };
  return { title: body.message, advice: status >= 500 ? "Try again in a minute." : "" };
}

/** Returns a random name for a change, so that a repeat of the change is recognised. */
export function changeId() {
  // crypto.randomUUID does not exist on a page without https.
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
