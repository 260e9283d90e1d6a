// The messages of the conversation as elements: questions, and answers that grow while they arrive.

import { element, fill, formatNumber, formatUsd } from "./dom.js";
import { problemNotice } from "./playground-problem.js";

/**
 * @typedef {import("./playground-conversation.js").Answer} Answer
 * @typedef {import("./playground-conversation.js").Question} Question
 * @typedef {import("./playground-conversation.js").ToolCall} ToolCall
 * @typedef {import("./playground-run.js").Done} Done
 * @typedef {{ retry: () => void, edit: () => void, withoutEffort: () => void,
 *   isKept: () => boolean | undefined, answerTools: () => void, copied: () => void }} Handlers
 */

/** Endings that need a word. Other answers are complete. */
const ENDINGS = new Map([
  ["length", "Cut off: the limit of output tokens is reached"],
  ["content_filter", "Blocked by moderation"],
  ["refusal", "The model refused"],
  ["cancelled", "Stopped"],
]);

/** @param {Question} question */
export function questionView({ text, images }) {
  const pictures = images.map((url, at) => element("img", { src: url, alt: `Picture ${at + 1} of the message` }));
  return element(
    "article",
    { class: "turn question" },
    element("h3", {}, "You"),
    pictures.length > 0 && element("div", { class: "row" }, ...pictures),
    text !== "" && element("p", { class: "said" }, text),
  );
}

export class AnswerView {
  #answer;
  #handlers;
  #startedAt = performance.now();
  #firstTextMs = 0;
  #name = element("h3", {}, "Model");
  #waiting = element("p", { class: "waiting" }, "Waiting for the model");
  #thought = document.createTextNode("");
  #thinking = element(
    "details",
    { class: "thinking", hidden: true },
    element("summary", {}, "Thinking"),
    element("p", { class: "said" }, this.#thought),
  );
  #text = document.createTextNode("");
  #said = element("p", { class: "said", hidden: true }, this.#text);
  #calls = element("div", { class: "stack", hidden: true });
  #end = element("div", { class: "turn-end" });

  /**
   * @param {Answer} answer
   * @param {Handlers} handlers
   */
  constructor(answer, handlers) {
    this.#answer = answer;
    this.#handlers = handlers;
    const parts = [this.#name, this.#waiting, this.#thinking, this.#said, this.#calls, this.#end];
    this.element = element("article", { class: "turn answer", "aria-busy": "true" }, ...parts);
  }

  /** @param {string} model the snapshot that answers */
  head(model) {
    if (model !== "") this.#name.textContent = model;
  }

  /** Empties the answer, before it is received from its beginning. */
  restart() {
    Object.assign(this.#answer, { text: "", thinking: "", calls: [] });
    this.#text.data = "";
    this.#thought.data = "";
    this.#calls.replaceChildren();
  }

  /** @param {string} part */
  text(part) {
    this.#firstTextMs ||= performance.now() - this.#startedAt;
    this.#answer.text += part;
    this.#text.appendData(part);
    this.#said.hidden = false;
    this.#waiting.hidden = true;
  }

  /** @param {string} part */
  thinking(part) {
    this.#answer.thinking += part;
    this.#thought.appendData(part);
    this.#thinking.hidden = false;
    this.#waiting.textContent = "The model is thinking";
  }

  /** @param {ToolCall} call */
  tool(call) {
    this.#answer.calls.push(call);
    this.#waiting.hidden = true;
  }

  /**
   * Shows the end of an answer: its usage, its tool calls, and what can be done with it.
   * @param {Done | undefined} done undefined when the user stopped it and its cost is unknown
   */
  finish(done) {
    this.#close();
    const finish = done?.finish ?? "cancelled";
    if (finish === "tool_calls") this.#showCalls();
    else if (this.#answer.text === "" && finish !== "cancelled") {
      this.#said.hidden = false;
      this.#said.replaceChildren(element("span", { class: "muted" }, "The answer has no text."));
    }
    const ending = ENDINGS.get(finish);
    fill(
      this.#end,
      ending && element("span", { class: "tag warn" }, ending),
      done && usageList(done, this.#firstTextMs),
      this.#buttons(),
    );
  }

  /** @param {unknown} error */
  fail(error) {
    this.#close();
    fill(this.#end, problemNotice(error, this.#handlers));
  }

  /** Leaves out the buttons: only the last answer can be repeated, and its tool calls be answered. */
  settle() {
    for (const form of this.#calls.querySelectorAll("form")) {
      form.replaceWith(element("small", {}, "No result was sent."));
    }
    for (const actions of this.element.querySelectorAll(".actions")) actions.remove();
  }

  /** Moves the focus to the first tool call without a result. */
  focusCall() {
    this.#calls.querySelector("input")?.focus();
  }

  #close() {
    this.element.removeAttribute("aria-busy");
    this.#waiting.hidden = true;
  }

  #buttons() {
    const { retry, copied } = this.#handlers;
    const copy = async () => {
      await navigator.clipboard.writeText(this.#answer.text);
      copied();
    };
    return element(
      "div",
      { class: "row actions" },
      element("button", { type: "button", class: "quiet", click: () => retry() }, "Retry"),
      this.#answer.text !== "" && element("button", { type: "button", class: "quiet", click: copy }, "Copy text"),
    );
  }

  #showCalls() {
    const { calls } = this.#answer;
    this.#calls.hidden = calls.length === 0;
    const forms = calls.map((call) =>
      callView(call, () => {
        if (calls.every(({ result }) => result !== undefined)) this.#handlers.answerTools();
        else this.focusCall();
      }),
    );
    fill(this.#calls, ...forms);
  }
}

/**
 * A tool call, with a field for the result that the user's app would send.
 * @param {ToolCall} call
 * @param {() => void} answered
 */
function callView(call, answered) {
  const field = element("input", { id: `result-${call.id}`, autocomplete: "off", placeholder: '{"level_cm": 142}' });
  const place = element("div", { class: "tool-result" });
  const form = element(
    "form",
    {
      submit: (/** @type {Event} */ event) => {
        event.preventDefault();
        call.result = field.value;
        fill(place, element("small", {}, "Result"), element("code", {}, field.value || "(empty)"));
        answered();
      },
    },
    element("label", { for: field.id }, "Result of the tool"),
    element("div", { class: "row nowrap" }, field, element("button", { type: "submit" }, "Send result")),
  );
  place.append(form);
  return element(
    "div",
    { class: "tool-call" },
    element("p", {}, "The model calls ", element("strong", {}, call.name), " with"),
    element("code", { class: "arguments" }, call.arguments),
    place,
  );
}

/** @param {Done} done @param {number} firstTextMs */
function usageList({ usage }, firstTextMs) {
  const tokens = (/** @type {string} */ name) => {
    const count = usage[name];
    return count === undefined ? undefined : formatNumber(count);
  };
  const facts = [
    ["Input", tokens("input")],
    ["Cached", tokens("cached")],
    ["Output", tokens("output")],
    ["Reasoning", tokens("reasoning")],
    ["Cost", usage["usd"] === undefined ? undefined : formatUsd(usage["usd"])],
    ["First text", firstTextMs === 0 ? undefined : `${(firstTextMs / 1000).toFixed(1)} s`],
  ];
  return element(
    "dl",
    { class: "answer-usage" },
    ...facts.map(
      ([name, value]) => value !== undefined && element("div", {}, element("dt", {}, name), element("dd", {}, value)),
    ),
  );
}
