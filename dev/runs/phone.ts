// A phone with one run. It reads the run to its end, although Weir is killed again and again.

import { setTimeout as sleep } from "node:timers/promises";
import { EventSourceParserStream } from "eventsource-parser/stream";
import type { PlannedRun } from "./plan.ts";

/** Weir, whose URL changes with every start. */
export interface Server {
  /** Resolves when Weir runs. */
  url(): Promise<string>;
  readonly kills: number;
  /** Aborts when Weir has run for so long that every run must have ended. */
  readonly isLate: AbortSignal;
}

export interface PhoneRun extends PlannedRun {
  key: string;
  token: string;
  body: object;
  /** The whole text of the answer. */
  text: string;
}

export interface PlayedRun {
  run: PhoneRun;
  /**
   * The finish of `done`, the code of `failed`, `abandoned`, or `unstarted` when it was cancelled before Weir knew it.
   * Undefined when the phone could not find out.
   */
  ending: string | undefined;
  tookMs: number;
  faults: string[];
}

const RETRY_MS = 100;

/** The connection failed, or Weir has said that the request can be repeated. */
class CutError extends Error {}

const cut = (cause: unknown): never => {
  throw new CutError("the connection was cut", { cause });
};

export async function playPhone(run: PhoneRun, server: Server): Promise<PlayedRun> {
  const phone = new Phone(run, server);
  const startedAt = performance.now();
  const late = Promise.withResolvers<never>();
  server.isLate.addEventListener("abort", () => late.reject(new Error("no ending is visible")));
  const ending = await Promise.race([phone.play(), late.promise]).catch((error: unknown) => {
    phone.faults.push(String(error));
    return undefined;
  });
  return { run, ending, tookMs: performance.now() - startedAt, faults: phone.faults };
}

class Phone {
  readonly faults: string[] = [];
  readonly #run: PhoneRun;
  readonly #server: Server;
  #text = "";
  #lastId = 0;

  constructor(run: PhoneRun, server: Server) {
    this.#run = run;
    this.#server = server;
  }

  /** Plays the run, and compares what Weir keeps of it. Resolves with the ending. */
  async play(): Promise<string> {
    const { text: whole, behaviour } = this.#run;
    const killsBefore = this.#server.kills;
    const ending = await this.#playToEnd();
    if (ending === "abandoned" || ending === "unstarted") return ending;
    if (ending === "run_interrupted") this.#expect(this.#server.kills > killsBefore, "interrupted without a kill");
    else this.#expect(ending === "stop" || ending === "cancelled", `it ended with ${ending}`);
    if (ending === "stop" && behaviour !== "cancels") this.#expect(this.#text === whole, "text is missing");
    const kept = await this.#persist(() => this.#readAgain());
    this.#expect(ending === "stop" ? kept === whole : whole.startsWith(kept), `another text is kept: ${kept}`);
    return ending;
  }

  async #playToEnd(): Promise<string> {
    const { behaviour, actsAfterMs } = this.#run;
    const connection = new AbortController();
    const reading = this.#attempt(async () => this.#read(await this.#post(connection.signal)));
    if (behaviour === "leaves" || behaviour === "abandons" || behaviour === "cancels") {
      const first = await Promise.race([reading, sleep(actsAfterMs)]);
      if (first !== undefined) return first;
      if (behaviour === "cancels") return this.#persist(() => this.#cancel());
      connection.abort();
      if (behaviour === "abandons") return "abandoned";
      await sleep(actsAfterMs);
    }
    return (await reading) ?? this.#persist(() => this.#resume());
  }

  /** Asks for the run again. A run that Weir does not know is posted again. */
  async #resume(): Promise<string> {
    const { behaviour } = this.#run;
    if (behaviour === "repeats") return this.#read(await this.#post());
    const response = await this.#get(behaviour === "polls" ? { accept: "application/json" } : this.#afterLast());
    if (response.status === 404) {
      this.#expect(this.#lastId === 0, "404 for a run that has sent events");
      await response.text().catch(cut);
      return this.#read(await this.#post());
    }
    return behaviour === "polls" ? this.#readWhole(response) : this.#read(response);
  }

  async #readWhole(response: Response): Promise<string> {
    const answer = await response.text().catch(cut);
    if (response.status === 202) return cut("it is running");
    if (response.status !== 200) return codeOf(answer);
    const { text, finish } = JSON.parse(answer) as { text: string; finish: string };
    this.#text = text;
    return finish;
  }

  /** Reads a stream to its closing event. */
  async #read(response: Response): Promise<string> {
    if (!response.body || response.status !== 200) throw new Error(`${response.status} ${await response.text()}`);
    const events = response.body.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream());
    const reader = events.getReader();
    for (;;) {
      const { done, value } = await reader.read().catch(cut);
      if (done) throw new Error("a stream has ended without its closing event");
      const id = Number(value.id);
      this.#expect(id > this.#lastId, `event ${value.id} after event ${this.#lastId}`);
      this.#lastId = id;
      if (value.event === "done") return (JSON.parse(value.data) as { finish: string }).finish;
      if (value.event === "failed") return codeOf(value.data);
      this.#text += JSON.parse(value.data) as string;
      this.#expect(this.#run.text.startsWith(this.#text), `lost or doubled text: ${this.#text.slice(-80)}`);
    }
  }

  async #cancel(): Promise<string> {
    const response = await this.#send("DELETE", `/chat/${this.#run.key}`);
    const answer = await response.text().catch(cut);
    if (response.status === 404) {
      this.#expect(this.#lastId === 0, "404 for the DELETE of a run that has sent events");
      return "unstarted";
    }
    return (JSON.parse(answer) as { finish?: string }).finish ?? codeOf(answer);
  }

  /** Reads the text of the ended run from its start. */
  async #readAgain(): Promise<string> {
    const response = await this.#get({});
    const answer = await response.text().catch(cut);
    this.#expect(response.status === 200, `${response.status} for a run that has ended`);
    const texts = [...answer.matchAll(/^data:(".*")$/gm)].map(([, json = ""]) => JSON.parse(json) as string);
    return texts.join("");
  }

  #afterLast(): Record<string, string> {
    return this.#lastId === 0 ? {} : { "last-event-id": String(this.#lastId) };
  }

  #get(headers: Record<string, string>): Promise<Response> {
    return this.#send("GET", `/chat/${this.#run.key}`, { headers });
  }

  #post(signal?: AbortSignal): Promise<Response> {
    const { key, body } = this.#run;
    const headers = { "idempotency-key": key, ...this.#afterLast() };
    return this.#send("POST", "/chat", { headers, body: JSON.stringify(body), ...(signal && { signal }) });
  }

  async #send(method: string, path: string, init: RequestInit = {}): Promise<Response> {
    const url = await this.#server.url();
    const headers = new Headers(init.headers);
    headers.set("authorization", `Bearer ${this.#run.token}`);
    const response = await fetch(url + path, { ...init, method, headers }).catch(cut);
    if (response.status !== 503) return response;
    return cut(await response.text().catch(cut));
  }

  /** Resolves with undefined when the connection is cut. */
  async #attempt<Result>(work: () => Promise<Result>): Promise<Result | undefined> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof CutError) return undefined;
      throw error;
    }
  }

  /** Repeats an attempt until it has a result. */
  async #persist<Result>(work: () => Promise<Result>): Promise<Result> {
    while (!this.#server.isLate.aborted) {
      const result = await this.#attempt(work);
      if (result !== undefined) return result;
      await sleep(RETRY_MS);
    }
    throw new Error("no attempt has succeeded");
  }

  #expect(isTrue: boolean, fault: string): void {
    if (!isTrue) this.faults.push(fault);
  }
}

const codeOf = (json: string) => (JSON.parse(json) as { error: { code: string } }).error.code;
