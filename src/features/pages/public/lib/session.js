// The user's token: in this tab only (sessionStorage), never in a URL or a cookie.

const KEY = "weir-token";

/** @type {Set<() => void>} */
const listeners = new Set();

/** Returns the token, or "" without one. */
export const token = () => sessionStorage.getItem(KEY) ?? "";

/**
 * Stores a token, or removes it with "".
 * @param {string} value
 */
export function setToken(value) {
  const trimmed = value.trim();
  if (trimmed === token()) return;
  if (trimmed === "") sessionStorage.removeItem(KEY);
  else sessionStorage.setItem(KEY, trimmed);
  for (const listener of listeners) listener();
}

/**
 * Calls a function after each change of the token.
 * @param {() => void} listener
 */
export function onToken(listener) {
  listeners.add(listener);
}

/** In development, the server offers a token. Elsewhere it offers none, and answers 204. */
export async function offerToken() {
  if (token() !== "") return;
  const response = await fetch("/development-token");
  if (response.status !== 200) return;
  const body = /** @type {{ token?: string }} */ (await response.json());
  if (body.token && token() === "") setToken(body.token);
}
