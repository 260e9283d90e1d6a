// The validation of a batch's input file, as OpenAI does it after the creation.
import { isObject, type JsonObject } from "../kernel/body.ts";
import { findModel, type Model } from "../kernel/catalog.ts";
import type { Content } from "./content.ts";
import { type LinePlace, linesOf, parseLine } from "./jsonl.ts";

const MAX_LINES = 50_000;
const MAX_BYTES = 200 * 1024 * 1024;
const MAX_EMBEDDING_INPUTS = 50_000;
const MAX_ERRORS = 100;

export interface BatchError {
  code: string;
  /** The number of the line in the file. The first is 1. */
  line: number | null;
  message: string;
  param: string | null;
}

export interface BatchLine {
  customId: string;
  body: JsonObject;
}

export type ScannedFile = { errors: BatchError[] } | { lines: LinePlace[]; model: Model | undefined };

/** Validates all lines of a file for an endpoint. */
export function scanLines(content: Content, endpoint: string, moment: Date): ScannedFile {
  const scan = new Scan(endpoint, moment);
  const lines: LinePlace[] = [];
  if (content.length > MAX_BYTES)
    scan.fault("file_too_large", null, "The batch input file is larger than 200 MB.", null);
  for (const place of linesOf(content)) {
    lines.push(place);
    if (lines.length <= MAX_LINES) scan.read(content, place);
    if (scan.errors.length >= MAX_ERRORS) break;
  }
  if (lines.length === 0) scan.fault("empty_file", null, "The file is empty. Please ensure it has requests.", null);
  if (lines.length > MAX_LINES) {
    scan.fault(
      "too_many_tasks",
      null,
      `The batch input file contains too many requests. The max is ${MAX_LINES}.`,
      null,
    );
  }
  return scan.errors.length > 0 ? { errors: scan.errors } : { lines, model: scan.model };
}

/** Reads a line of a file that is valid. */
export function readLine(content: Content, place: LinePlace): BatchLine {
  const { custom_id: customId, body } = parseLine(content, place) ?? {};
  return { customId: String(customId), body: isObject(body) ? body : {} };
}

class Scan {
  readonly errors: BatchError[] = [];
  model: Model | undefined;
  readonly #endpoint: string;
  readonly #moment: Date;
  readonly #customIds = new Set<string>();
  #modelName: unknown;
  #embeddingInputs = 0;

  constructor(endpoint: string, moment: Date) {
    this.#endpoint = endpoint;
    this.#moment = moment;
  }

  fault(code: string, line: number | null, message: string, param: string | null): void {
    this.errors.push({ code, line, message, param });
  }

  read(content: Content, place: LinePlace): void {
    const { number } = place;
    const line = parseLine(content, place);
    if (!line) return this.fault("invalid_json_line", number, "This line is not parseable as valid JSON.", null);
    for (const name of ["custom_id", "method", "url", "body"]) {
      if ((line[name] ?? undefined) === undefined) {
        return this.fault("missing_required_parameter", number, `Missing required parameter: '${name}'.`, name);
      }
    }
    const { custom_id: customId, method, url, body } = line;
    if (typeof customId !== "string") return this.#invalid(number, "custom_id", "expected a string");
    if (this.#customIds.has(customId)) {
      const message = "The custom_id for this request is a duplicate of another request. It must be unique.";
      return this.fault("duplicate_custom_id", number, message, "custom_id");
    }
    this.#customIds.add(customId);
    if (method !== "POST") return this.fault("invalid_method", number, "Invalid HTTP method. Use 'POST'.", "method");
    if (url !== this.#endpoint) {
      const message = `The URL provided for this request does not match the batch endpoint '${this.#endpoint}'.`;
      return this.fault("url_mismatch", number, message, "url");
    }
    if (!isObject(body)) return this.#invalid(number, "body", "expected an object");
    return this.#readBody(number, body);
  }

  #readBody(number: number, body: JsonObject): void {
    if (body["stream"] === true) {
      return this.#invalid(number, "body.stream", "streaming is not supported in the Batch API");
    }
    const { model: name, input } = body;
    if (this.#endpoint === "/v1/embeddings") this.#embeddingInputs += Array.isArray(input) ? input.length : 1;
    if (this.#embeddingInputs > MAX_EMBEDDING_INPUTS) {
      const message = `The batch contains more than ${MAX_EMBEDDING_INPUTS} embedding inputs.`;
      return this.fault("too_many_embedding_inputs", number, message, "body.input");
    }
    if (this.#customIds.size === 1) return this.#readModel(number, name);
    if (name === this.#modelName) return undefined;
    const message = "The model of this request does not match the model of the rest of the batch.";
    return this.fault("model_mismatch", number, `${message} Each batch must have a single model.`, "body.model");
  }

  #readModel(number: number, name: unknown): void {
    this.#modelName = name;
    // Only a moderation has a default model.
    if (name === undefined && this.#endpoint === "/v1/moderations") return undefined;
    if (typeof name !== "string") return this.#invalid(number, "body.model", "expected a string");
    try {
      const model = findModel(name, this.#moment);
      const isModeration = model.card.endpoints.includes("moderation");
      if (model.card.endpoints.includes("batch") || isModeration) this.model = model;
    } catch {
      // A model that is unknown or shut down is not supported either.
    }
    if (this.model) return undefined;
    const message = `The provided model '${name}' is not supported by the Batch API.`;
    return this.fault("model_not_found", number, message, "body.model");
  }

  #invalid(line: number, param: string, reason: string): void {
    this.fault("invalid_value", line, `Invalid '${param}': ${reason}.`, param);
  }
}
