// The benchmark's requests, with a script for the emulated provider and the expected ending.

/** A model without a shutdown date, so that every run uses the same one. */
export const MODEL = "gpt-6.1-terra";
/** A model with batches, without a shutdown date. */
export const BATCH_MODEL = "gpt-6.1-sol";

/** The size and the pace of the answers, and the number of requests. */
export interface Workload {
  tokens: number;
  /** The delay between two tokens. */
  delayMs?: number;
  /** The delay before the first token. */
  firstMs?: number;
  /** The size of the prompt's text. By default it is only the script. */
  promptBytes?: number;
  count: number;
  parallel: number;
}

export interface BenchRequest {
  /** POST by default. */
  method?: "GET" | "POST";
  path: string;
  body: string | Buffer;
  /** More headers, created for each request. */
  headers?: () => Record<string, string>;
  /** The expected status and ending. Any other answer ends the run with an error. */
  status: number;
  ending: RegExp;
}

type CreateRequest = (workload: Workload) => BenchRequest;

const script = ({ tokens, delayMs = 0, firstMs = 0 }: Workload) =>
  `emulate ${JSON.stringify({ tokens, delay_ms: delayMs, first_ms: firstMs, reasoning: 0 })}`;

/** ASCII text with characters that JSON escapes. */
const PROSE = 'The weir holds the river back.\nIt measures the water, then "lets it pass".\n';

const prompt = (workload: Workload) => `${script(workload)}\n`.padEnd(workload.promptBytes ?? 0, PROSE);

const v1 = (workload: Workload, options: object, ending: RegExp): BenchRequest => ({
  path: "/v1/chat/completions",
  body: JSON.stringify({ model: MODEL, messages: [{ role: "user", content: prompt(workload) }], ...options }),
  status: 200,
  ending,
});

/** An alias of the model with input moderation in parallel. */
export const GATED = "gated";

const JSON_END = /\}\s*$/;
const DONE = /data: \[DONE\]\n\n$/;

export const streamed: CreateRequest = (workload) =>
  v1(workload, { stream: true, stream_options: { include_usage: true } }, DONE);
export const withoutUsage: CreateRequest = (workload) => v1(workload, { stream: true }, DONE);
export const whole: CreateRequest = (workload) => v1(workload, {}, JSON_END);

export const slim: CreateRequest = (workload) => ({
  path: "/chat",
  body: JSON.stringify({ model: MODEL, input: prompt(workload) }),
  status: 200,
  ending: /event:done\ndata:.*\n\n$/,
});

/** A slim request with a new key each time, which makes it a run. */
export const keyed: CreateRequest = (workload) => ({
  ...slim(workload),
  headers: () => keyHeader(crypto.randomUUID()),
});

/** A run with that key, and the request that resumes it after its first event. */
export function runAndResume(workload: Workload, key: string): [BenchRequest, BenchRequest] {
  const run = { ...slim(workload), headers: () => keyHeader(key) };
  const { status, ending } = run;
  return [run, { method: "GET", path: `/chat/${key}?after=1`, body: "", status, ending }];
}

const keyHeader = (key: string) => ({ "idempotency-key": key });

export const gated: CreateRequest = (workload) => {
  const request = streamed(workload);
  return { ...request, body: String(request.body).replace(MODEL, GATED) };
};

export const moderation: CreateRequest = () => ({
  path: "/v1/moderations",
  body: JSON.stringify({ model: "omni-moderation-latest", input: "Is this allowed?" }),
  status: 200,
  ending: JSON_END,
});

/** A slim request of a user without quota. */
export const refused: CreateRequest = (workload) => ({ ...slim(workload), status: 429, ending: JSON_END });
