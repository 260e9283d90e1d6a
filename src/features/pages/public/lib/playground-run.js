// One answer of POST /chat, as a run where the deployment has runs: resumed after a lost connection, stopped by DELETE.

import { ApiProblem, request } from "./api.js";
import { readEvents } from "./events.js";

/**
 * @typedef {{ finish: string, usage: Record<string, number>, left: Record<string, number> }} Done
 * @typedef {{ text: (part: string) => void, thinking: (part: string) => void,
 *   tool: (call: { id: string, name: string, arguments: string }) => void,
 *   head: (model: string) => void, restart: () => void, lost: (isLost: boolean) => void }} Listener
 */

/** Waits between attempts to reach the server again, in ms. After the last one, the user decides. */
const WAITS_MS = [500, 1000, 2000, 4000, 8000, 8000];

/** Whether an earlier answer on this page was a run. Then a request can be repeated without a second charge. */
let hasRuns = false;

export class Run {
  /** The connection broke before the end, so the same request with the same key can get the rest. */
  wasLost = false;
  #listener;
  #abort = new AbortController();
  #lastId = "";
  /** Whether this answer is a run. Known from its first response on. @type {boolean | undefined} */
  isRun;

  /**
   * @param {import("./playground-conversation.js").ChatRequest} body the body of POST /chat
   * @param {Listener} listener
   * @param {string} [key] the idempotency key of an earlier attempt
   */
  constructor(body, listener, key = newKey()) {
    this.body = body;
    this.#listener = listener;
    this.key = key;
  }

  /**
   * Reads the answer to its end. Resolves with the data of `done`, or undefined when the user stopped it and nothing
   * is known about its end. Throws the ApiProblem of a refusal, of `failed`, or with status 0 when the network is lost.
   * @returns {Promise<Done | undefined>}
   */
  async read() {
    for (let attempt = 0; ; attempt += 1) {
      const before = this.#lastId;
      try {
        const done = await this.#readOnce();
        this.#listener.lost(false);
        return done;
      } catch (error) {
        if (this.#abort.signal.aborted) return undefined;
        if (this.#lastId !== before) attempt = 0;
        const wait = this.#waitFor(error, attempt);
        if (wait === undefined) {
          this.wasLost = error instanceof ApiProblem && error.status === 0;
          throw error;
        }
        this.#listener.lost(true);
        await pause(wait, this.#abort.signal);
        if (this.#abort.signal.aborted) return undefined;
      }
    }
  }

  /** Stops the answer. A run ends with its `done`, so that its cost is known; a plain chat is aborted. */
  async stop() {
    if (!this.isRun) this.#abort.abort();
    if (this.isRun === false) return;
    // Before the first response, it is not known yet whether this is a run. The DELETE of an unknown key does nothing.
    try {
      await request(this.#path, { method: "DELETE" });
    } catch {
      // The server cannot be told, or knows no such run. The page stops reading in any case.
    } finally {
      // The stream has a moment to deliver its own end.
      setTimeout(() => this.#abort.abort(), 1500);
    }
  }

  get #path() {
    return `/chat/${encodeURIComponent(this.key)}`;
  }

  async #readOnce() {
    const { signal } = this.#abort;
    const last = this.#lastId;
    const response = last
      ? await request(this.#path, { headers: { "last-event-id": last }, signal })
      : await request("/chat", { body: this.body, headers: { "idempotency-key": this.key }, signal });
    this.isRun = response.headers.has("weir-run");
    hasRuns ||= this.isRun;
    if (last === "") this.#listener.restart();
    this.#listener.lost(false);
    this.#listener.head(response.headers.get("weir-model") ?? "");
    for await (const { name, data, id } of events(response)) {
      if (id !== "") this.#lastId = id;
      if (name === "done") return /** @type {Done} */ (data);
      if (name === "failed") throw new ApiProblem(200, data.error);
      if (name === "text") this.#listener.text(data);
      if (name === "thinking") this.#listener.thinking(data);
      if (name === "tool") this.#listener.tool(data);
    }
    throw lost();
  }

  /**
   * Returns the time until the next attempt, in ms; undefined when none would help.
   * @param {unknown} error
   * @param {number} attempt
   */
  #waitFor(error, attempt) {
    if (!(error instanceof ApiProblem)) return undefined;
    const isKnownRun = this.isRun || hasRuns;
    if (error.status === 404 && this.#lastId !== "") {
      this.#lastId = "";
      return 0;
    }
    const isPassing = error.status === 0 || error.body.code === "runs_unavailable";
    return isPassing && isKnownRun ? WAITS_MS[attempt] : undefined;
  }
}

const lost = () => new ApiProblem(0, { message: "The connection was lost.", code: "" });

/**
 * Reads events, and throws an ApiProblem with status 0 when the connection breaks.
 * @param {Response} response
 */
async function* events(response) {
  try {
    yield* readEvents(response);
  } catch {
    throw lost();
  }
}

/**
 * Resolves after a time, at once when the network is back, or when the signal aborts.
 * @param {number} waitMs
 * @param {AbortSignal} signal
 * @returns {Promise<void>}
 */
function pause(waitMs, signal) {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      removeEventListener("online", end);
      resolve();
    };
    const timer = setTimeout(end, waitMs);
    addEventListener("online", end);
    signal.addEventListener("abort", end);
  });
}

/** A new idempotency key. `crypto.randomUUID` is missing on pages without TLS, except on localhost. */
function newKey() {
  if (typeof crypto.randomUUID === "function") return crypto.randomUUID();
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
