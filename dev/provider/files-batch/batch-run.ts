// The run of a batch: its lines are answered when its clock says so, and its files are written at the end.
// Requests can advance a batch at the same time, and any of them can break off, so each step is repeatable until its
// result is stored.
import type { JsonObject } from "../kernel/body.ts";
import { SERVER_ERROR } from "../kernel/faults.ts";
import { createId, fingerprint } from "../kernel/ids.ts";
import type { JobClock } from "../kernel/job-clock.ts";
import type { CallRoute, OwnAnswer } from "../kernel/own-routes.ts";
import { type BatchState, batchStateAt, isEnded } from "./batch-clock.ts";
import { type BatchError, readLine } from "./batch-lines.ts";
import { type BatchScript, takeBatchScript } from "./batch-script.ts";
import { addUsage, type BatchUsage } from "./batch-usage.ts";
import { type Content, toContent } from "./content.ts";
import { storeFile } from "./files-store.ts";
import type { LinePlace } from "./jsonl.ts";

/** One request advances a batch by at most this many lines. */
const MAX_LINES_AT_ONCE = 2000;

/** A line of an output file. */
interface OutputLine {
  customId: string;
  isCompleted: boolean;
  text: string;
}

export interface BatchEnd {
  outputFileId: string | null;
  errorFileId: string | null;
}

export interface BatchRun {
  id: string;
  endpoint: string;
  script: BatchScript;
  clock: JobClock;
  /** Undefined when the batch has ended. */
  content: Content | undefined;
  lines: LinePlace[];
  errors: BatchError[];
  /** The lifetime of its files in seconds. */
  filesExpireAfter: number;
  cancelledAt?: number;
  output: OutputLine[];
  usage: BatchUsage;
  end?: BatchEnd;
  callRoute: CallRoute;
}

/** Runs the lines that are due, and returns the state. The state waits for lines that have not run yet. */
export async function advanceBatch(run: BatchRun): Promise<BatchState> {
  const elapsed = run.clock.elapsed();
  const state = stateOf(run, elapsed);
  const most = Math.min(state.linesDue, run.output.length + MAX_LINES_AT_ONCE);
  while (run.output.length < most) await runNextLine(run);
  if (run.output.length < state.linesDue) {
    const { in_progress } = state.times;
    return { status: "in_progress", linesDue: most, times: { ...(in_progress !== undefined && { in_progress }) } };
  }
  if (isEnded(state.status)) run.end ??= endBatch(run, state);
  return state;
}

function stateOf({ script, lines, errors, cancelledAt }: BatchRun, elapsed: number): BatchState {
  const lineCount = errors.length > 0 ? undefined : lines.length;
  return batchStateAt({ lineCount, script, ...(cancelledAt !== undefined && { cancelledAt }) }, elapsed);
}

async function runNextLine(run: BatchRun): Promise<void> {
  const index = run.output.length;
  const place = run.lines[index];
  if (!place || !run.content) return;
  const line = readLine(run.content, place);
  const body = index === 0 ? takeBatchScript(line.body).body : line.body;
  const fails = run.script.fail_lines?.includes(place.number);
  const answer = fails ? failedAnswer() : await run.callRoute(run.endpoint, body);
  // Another request has run this line in the meantime.
  if (run.output.length !== index) return;
  answer.book();
  const isCompleted = answer.status < 400;
  if (isCompleted) run.usage = addUsage(run.usage, answer.body["usage"]);
  const response = { status_code: answer.status, request_id: answer.requestId, body: answer.body };
  run.output.push({ customId: line.customId, isCompleted, text: toLine(line.customId, response, null) });
}

function failedAnswer(): OwnAnswer {
  return { status: 500, requestId: createId("", 32), body: { error: SERVER_ERROR }, book: () => {} };
}

function toLine(customId: string, response: JsonObject | null, error: JsonObject | null): string {
  return `${JSON.stringify({ id: createId("batch_req_", 32), custom_id: customId, response, error })}\n`;
}

/** Writes the output and the error file. A file without lines does not exist. */
function endBatch(run: BatchRun, { status, times }: BatchState): BatchEnd {
  const { script, output } = run;
  const completed = output.filter(({ isCompleted }) => isCompleted);
  const failed = output.filter(({ isCompleted }) => !isCompleted);
  if (status === "expired") failed.push(...expiredLines(run));
  const inOrder = script.in_order ? completed : completed.toSorted((one, other) => rank(one) - rank(other));
  const createdAt = run.clock.toWire(Math.max(0, ...Object.values(times)));
  const write = (kind: string, lines: OutputLine[]) => {
    if (lines.length === 0) return null;
    if (kind === "output" && script.no_output) return createId("file-", 24);
    const content = toContent(lines.map(({ text }) => text).join(""));
    const filename = `${run.id}_${kind}.jsonl`;
    return storeFile({
      filename,
      purpose: "batch_output",
      createdAt,
      expiresAt: createdAt + run.filesExpireAfter,
      content,
    }).id;
  };
  const end = { outputFileId: write("output", inOrder), errorFileId: write("error", failed) };
  run.content = undefined;
  for (const line of output) line.text = "";
  return end;
}

const rank = ({ customId }: OutputLine) => fingerprint(customId);

function expiredLines({ content, lines, output }: BatchRun): OutputLine[] {
  const error = {
    code: "batch_expired",
    message: "This request could not be executed before the completion window expired.",
  };
  return lines.slice(output.length).map((place) => {
    const customId = content ? readLine(content, place).customId : "";
    return { customId, isCompleted: false, text: toLine(customId, null, error) };
  });
}

/** The script of a batch from the text of its first line. */
export function readFirstScript(content: Content, [first]: LinePlace[]): BatchScript {
  return first ? takeBatchScript(readLine(content, first).body).script : {};
}
