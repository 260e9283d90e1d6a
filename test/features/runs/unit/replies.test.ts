// uses: slim-chat
// Replies to the reads of an ended run: the rest of it, 204 after its end, one object, or its failure.

import { describe, expect, it } from "vitest";
import { apiError } from "../../../../src/core/errors.ts";
import { failedEvent, runInterrupted } from "../../../../src/features/runs/failures.ts";
import type { RunEvent } from "../../../../src/features/runs/log.ts";
import { createLog, INTERRUPTED_ID, MAX_LOG_LENGTH } from "../../../../src/features/runs/log.ts";
import { toRefusedReply, toResponse } from "../../../../src/features/runs/messages.ts";
import type { EndedRun } from "../../../../src/features/runs/replies.ts";
import { endedJsonReply, endedStreamReply, endingReply, runningReply } from "../../../../src/features/runs/replies.ts";
import { refusalOf } from "../../../support/refusals.ts";
import { lastIdOf, readRunEvents, saidIn } from "../support/run-events.ts";
import { DONE, textEvent } from "../support/run-logs.ts";

const HEADERS = { "weir-run": "key", "content-type": "text/event-stream; charset=utf-8" };
const TEXTS = ["A ", "weir ", "holds."].map(textEvent);
const ended = (...events: RunEvent[]): EndedRun => ({ log: createLog(events) });
const FINISHED = ended(...TEXTS, DONE);
const INTERRUPTED: EndedRun = { ...ended(...TEXTS), addedFailure: failedEvent(runInterrupted()) };

/** The response to a read after an event, and its events. */
async function read(run: EndedRun, after: number) {
  const response = toResponse(endedStreamReply(run, after, HEADERS));
  return { status: response.status, headers: response.headers, events: readRunEvents(await response.text()) };
}

describe("the stream of an ended run", () => {
  it("has the events after the caller's last one, and starts with the time of reconnection", async () => {
    const { status, headers, events } = await read(FINISHED, 1);
    expect([status, saidIn(events), lastIdOf(events)]).toEqual([200, "weir holds.", 4]);
    expect(Object.fromEntries(headers)).toEqual({
      "weir-run": "key",
      "cache-control": "no-cache",
      "content-type": "text/event-stream; charset=utf-8",
    });
    expect(await toResponse(endedStreamReply(FINISHED, 0, HEADERS)).text()).toMatch(/^retry:1000\n\nid:3\n/);
  });

  it("is 204 after its last event, and 400 after one that it never had", async () => {
    const read204 = await read(FINISHED, 4);
    expect(read204).toMatchObject({ status: 204, events: [] });
    expect(read204.headers.get("cache-control")).toBe("no-cache");
    const { status, body } = await refusalOf(() => read(FINISHED, 5));
    expect([status, body.code]).toEqual([400, "invalid_last_event_id"]);
  });

  it("ends with `run_interrupted` after any id, also one that was not kept, and then is 204", async () => {
    for (const [after, said] of [
      [0, "A weir holds."],
      [2, "holds."],
      [3, ""],
      [17, ""],
    ] as const) {
      const { status, events } = await read(INTERRUPTED, after);
      expect([status, saidIn(events)]).toEqual([200, said]);
      expect(events.at(-1)).toMatchObject({ id: INTERRUPTED_ID, name: "failed" });
      expect(events.at(-1)?.data).toContain("run_interrupted");
    }
    expect((await read(INTERRUPTED, INTERRUPTED_ID)).status).toBe(204);
  });

  it("is whole when it is larger than one replay", async () => {
    const large = ended(...Array.from({ length: 50 }, () => textEvent("x".repeat(10_000))), DONE);
    const { events } = await read(large, 7);
    expect([saidIn(events).length, lastIdOf(events)]).toEqual([430_000, 51]);
  });
});

describe("the JSON of a run", () => {
  it("is 202 while it runs, with the number of events", async () => {
    const response = toResponse(runningReply(createLog(TEXTS), HEADERS));
    expect([response.status, response.headers.get("retry-after")]).toEqual([202, "1"]);
    expect(response.headers.get("content-type")).toBe("application/json");
    expect(await response.json()).toEqual({ status: "running", events: 3 });
  });

  it("is the object of an answer without streaming", async () => {
    const response = toResponse(endedJsonReply(FINISHED, HEADERS));
    expect([response.status, response.headers.get("content-type")]).toEqual([200, "application/json"]);
    expect(await response.json()).toEqual({ text: "A weir holds.", ...(JSON.parse(DONE.data) as object) });
  });

  it("is the error of a run that failed, or was interrupted", async () => {
    const failed = ended(...TEXTS, failedEvent(apiError("provider_timeout", "It fell silent.")));
    expect((await refusalOf(() => endedJsonReply(failed, HEADERS))).status).toBe(504);
    const { status, body } = await refusalOf(() => endedJsonReply(INTERRUPTED, HEADERS));
    expect([status, body.code]).toEqual([502, "run_interrupted"]);
  });
});

it("the reply to a cancellation is the closing event's data", async () => {
  for (const [run, data] of [
    [FINISHED, DONE.data],
    [INTERRUPTED, failedEvent(runInterrupted()).data],
  ] as const) {
    expect(await toResponse(endingReply(run, HEADERS)).text()).toBe(data);
  }
});

it("a run whose first events were dropped is `run_too_large`, except for a caller who has them", async () => {
  const log = createLog();
  for (const letter of ["a", "b", "c"]) log.append(textEvent(letter.repeat(MAX_LOG_LENGTH / 2)));
  log.append(DONE);
  const { status, body } = await refusalOf(() => endedJsonReply({ log }, HEADERS));
  expect([status, body.code]).toEqual([502, "run_too_large"]);
  const { events } = await read({ log }, 1);
  expect(events).toMatchObject([{ id: INTERRUPTED_ID, name: "failed" }]);
  expect(events[0]?.data).toContain("run_too_large");
  expect((await read({ log }, 3)).events).toMatchObject([{ id: 4, name: "done" }]);
  // An EventSource reconnects with the id of the failure, and stops at a 204.
  expect((await read({ log }, INTERRUPTED_ID)).status).toBe(204);
  expect((await refusalOf(() => read(FINISHED, INTERRUPTED_ID))).status).toBe(400);
});

it("a refusal keeps its status, body and headers on its way from the object, and the class of its cause", async () => {
  const cause = new Error("the disk is full");
  const error = apiError("runs_unavailable", "Later.", { cause, headers: { "retry-after": "1" } });
  const reply = toRefusedReply(error);
  const thrown = await refusalOf(() => toResponse(structuredClone(reply)));
  expect(thrown).toMatchObject({ status: 503, body: error.body, headers: { "retry-after": "1" } });
  expect(thrown.cause).toBe("Error");
});
