// The playground: a conversation with a model, its cost, and the code of the request.

import { byId, element, fill } from "./lib/dom.js";
import { showCode, startCode } from "./lib/playground-code.js";
import { draft, setDraft, startComposer } from "./lib/playground-composer.js";
import { toRequest } from "./lib/playground-conversation.js";
import { emptyView, FIRST_IDEA } from "./lib/playground-empty.js";
import { moveQuota, refreshQuota } from "./lib/playground-quota.js";
import { Run } from "./lib/playground-run.js";
import { loadModels, resetEffort, settings, startSettings } from "./lib/playground-settings.js";
import { AnswerView, questionView } from "./lib/playground-turns.js";
import { explain } from "./lib/api.js";
import { onToken, token } from "./lib/session.js";
import { notice, openTokenDialog, startPage } from "./lib/site.js";

/** @typedef {import("./lib/playground-conversation.js").Question | import("./lib/playground-conversation.js").Answer} Turn */

/** @type {Turn[]} */
let turns = [];
/** The body of the last request, for the code while the field is empty. @type {import("./lib/playground-conversation.js").ChatRequest | undefined} */
let lastRequest;
/** @type {Run | undefined} */
let running;
/** @type {AnswerView | undefined} */
let lastView;

const log = byId("log");
const quota = byId("quota");
const say = (/** @type {string} */ text) => (byId("status").textContent = text);

/** Loads what depends on the token: models and quota. */
async function load() {
  if (turns.length === 0) showEmpty();
  const models = loadModels().catch((error) => {
    const { title, advice } = explain(error);
    if (turns.length === 0) fill(log, notice("bad", title, advice, retryButton()));
  });
  await Promise.all([models, refreshQuota(quota)]);
  changed();
}

const retryButton = () =>
  element(
    "span",
    { class: "row actions" },
    element("button", { type: "button", click: openTokenDialog }, "Enter a token"),
    element("button", { type: "button", click: () => void load() }, "Try again"),
  );

/** Before the first message: ideas, or the way to a token. */
function showEmpty() {
  fill(log, emptyView(use));
}

/** Shows the code of the request that the next message would send. */
function changed() {
  const message = draft();
  const isEmpty = message.text === "" && message.images.length === 0;
  const question = /** @type {Turn} */ ({
    kind: "question",
    ...(isEmpty ? { text: FIRST_IDEA, images: [] } : message),
  });
  const isPast = isEmpty && lastRequest !== undefined;
  const request = isPast ? { ...lastRequest } : toRequest([...turns, question], settings());
  showCode({ origin: location.origin, body: request });
}

/** @param {string} idea */
function use(idea) {
  setDraft(idea);
  changed();
  byId("input").focus();
}

function send() {
  const message = draft();
  if (running) {
    say("Wait for the answer, or stop it.");
    return;
  }
  if (message.text === "" && message.images.length === 0) return;
  if (token() === "") return openTokenDialog();
  if (turns.length === 0) log.replaceChildren();
  lastView?.settle();
  const question = /** @type {const} */ ({ kind: "question", ...message });
  turns.push(question);
  log.append(questionView(question));
  setDraft("");
  void answer();
}

/**
 * Asks for the answer to the conversation.
 * @param {Run} [again] an attempt whose connection was lost: the same request, which is charged once
 */
async function answer(again) {
  const request = again?.body ?? toRequest(turns, settings());
  lastRequest = request;
  const turn = /** @type {import("./lib/playground-conversation.js").Answer} */ ({
    kind: "answer",
    text: "",
    thinking: "",
    calls: [],
  });
  turns.push(turn);
  const view = new AnswerView(turn, {
    retry: () => repeat(view, run.wasLost ? run : undefined),
    edit: () => edit(view),
    isKept: () => run.isRun,
    withoutEffort: () => {
      resetEffort();
      repeat(view, undefined);
    },
    answerTools: () => {
      view.settle();
      log.focus();
      void answer();
    },
    copied: () => say("The text is copied."),
  });
  lastView = view;
  log.append(view.element);
  const run = new Run(
    request,
    {
      head: (model) => {
        view.head(model);
        say("");
        void refreshQuota(quota);
      },
      restart: () => view.restart(),
      lost: (isLost) => say(isLost ? "The connection was lost. Connecting again." : ""),
      text: following((part) => view.text(part)),
      thinking: following((part) => view.thinking(part)),
      tool: (call) => view.tool(call),
    },
    again?.key,
  );
  setRunning(run);
  toEnd();
  try {
    const done = await run.read();
    following(() => view.finish(done))();
    if (done?.left) moveQuota(quota, done.left);
    say(done ? "" : "Stopped.");
  } catch (error) {
    following(() => view.fail(error))();
    say("");
  } finally {
    setRunning(undefined);
    changed();
    void refreshQuota(quota);
    view.focusCall();
  }
}

/** @param {AnswerView} view @param {Run | undefined} lost */
function repeat(view, lost) {
  if (running) return;
  takeBack(view);
  log.focus();
  void answer(lost);
}

/** Puts the last message back into the field. @param {AnswerView} view */
function edit(view) {
  takeBack(view);
  const question = turns.findLast(({ kind }) => kind === "question");
  turns = turns.slice(0, turns.lastIndexOf(/** @type {Turn} */ (question)));
  while (log.lastElementChild && !log.lastElementChild.classList.contains("question")) log.lastElementChild.remove();
  log.lastElementChild?.remove();
  if (question?.kind === "question") setDraft(question.text, question.images);
  if (turns.length === 0) showEmpty();
  lastView = undefined;
  changed();
  byId("input").focus();
}

/** @param {AnswerView} view */
function takeBack(view) {
  turns.pop();
  view.element.remove();
}

async function stop() {
  say("Stopping.");
  await running?.stop();
  await refreshQuota(quota);
}

function clear() {
  turns = [];
  lastRequest = undefined;
  lastView = undefined;
  showEmpty();
  setRunning(undefined);
  changed();
  byId("input").focus();
}

/** @param {Run | undefined} run */
function setRunning(run) {
  const hadFocus = document.activeElement === byId("stop");
  running = run;
  byId("stop").hidden = run === undefined;
  byId("send").hidden = run !== undefined;
  /** @type {HTMLButtonElement} */ (byId("clear")).disabled = run !== undefined || turns.length === 0;
  if (hadFocus) byId("input").focus();
}

/**
 * Keeps the end of the conversation in view, unless the user has scrolled up.
 * @template {unknown[]} Given
 * @param {(...given: Given) => void} change
 * @returns {(...given: Given) => void}
 */
function following(change) {
  return (...given) => {
    const isAtEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 80;
    change(...given);
    if (isAtEnd) toEnd();
  };
}

function toEnd() {
  log.scrollTop = log.scrollHeight;
}

startCode();
startSettings(() => changed());
startComposer({ send, changed, say });
byId("stop").addEventListener("click", () => void stop());
byId("clear").addEventListener("click", clear);
addEventListener("offline", () => say("You are offline."));
addEventListener("online", () => say("You are online again."));
showEmpty();
changed();
await startPage();
onToken(() => void load());
await load();
