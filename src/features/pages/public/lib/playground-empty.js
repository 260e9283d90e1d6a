// The conversation before its first message: ideas to begin with, or the way to a token.

import { element } from "./dom.js";
import { token } from "./session.js";
import { openTokenDialog } from "./site.js";

/** The message of the code sample while nothing is written. */
export const FIRST_IDEA = "Why does a weir make a river easier to measure?";

const IDEAS = [
  FIRST_IDEA,
  "Write a short welcome for a new user of my app.",
  "Explain prompt caching to a product manager.",
];

/** @param {(idea: string) => void} use writes an idea into the field */
export function emptyView(use) {
  return element("div", { class: "chat-empty" }, ...(token() === "" ? withoutToken() : withIdeas(use)));
}

const withoutToken = () => [
  element("h3", {}, "Add a token to begin"),
  element("p", { class: "muted" }, "Your app gets a token when a user signs in. Weir knows the user by it."),
  element("button", { type: "button", class: "primary", click: openTokenDialog }, "Enter a token"),
];

/** @param {(idea: string) => void} use */
const withIdeas = (use) => [
  element("h3", {}, "Ask something"),
  element("p", { class: "muted" }, "Begin with one of these, or write a message of your own."),
  element(
    "div",
    { class: "ideas" },
    ...IDEAS.map((idea) => element("button", { type: "button", click: () => use(idea) }, idea)),
  ),
];
