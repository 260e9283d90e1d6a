// Scans the content of an upload while it arrives, also when its purpose follows the file.

import type { Plan } from "../../core/catalog/schema.ts";
import { apiError } from "../../core/errors.ts";
import type { Caller } from "../../core/gateway/call.ts";
import { createBatchScan } from "./batch-scan.ts";
import type { ContentScan } from "./content-scan.ts";
import type { FileLine } from "./file-lines.ts";
import { createLineSplitter } from "./file-lines.ts";
import { createTrainingScan } from "./training-scan.ts";
import type { Purpose } from "./upload-fields.ts";

type CreateScan = (caller: Caller, plan: Plan) => ContentScan;

/** The scans of JSONL files. Files of other purposes are not scanned. */
const SCANS: Partial<Record<Purpose, CreateScan>> = { batch: createBatchScan, "fine-tune": createTrainingScan };

export interface FileScan {
  /** Scans a piece of the content. Throws 400 when the purpose is known. */
  add(bytes: Uint8Array): Promise<void>;
  /** Returns the facts to store for a file of that purpose. Throws 400 for the first fault that concerns it. */
  conclude(purpose: Purpose): Promise<string | undefined>;
}

interface OpenScan {
  purpose: string;
  scan: ContentScan;
  fault?: unknown;
}

/**
 * Creates the scan of a file. An unknown purpose needs all scans, and each keeps its first fault for the end. Throws
 * 400 when the purpose needs a file of lines and the name is another.
 */
export function createFileScan(
  caller: Caller,
  plan: Plan,
  { filename, purpose }: { filename: string; purpose: Purpose | undefined },
): FileScan {
  const isLines = /\.jsonl$/i.test(filename);
  const requireLines = (known: Purpose) => {
    if (isLines || !SCANS[known]) return;
    const message = `A file for '${known}' has one JSON object per line, and a name that ends in .jsonl.`;
    throw apiError("invalid_request", message, { param: "file" });
  };
  if (purpose !== undefined) requireLines(purpose);
  const scans: OpenScan[] = Object.entries(SCANS)
    .filter(([name]) => isLines && (purpose === undefined || purpose === name))
    .map(([name, create]) => ({ purpose: name, scan: create(caller, plan) }));
  const splitter = createLineSplitter();

  const addLines = async (read: () => Iterable<FileLine>) => {
    try {
      for (const { text, number } of read()) {
        for (const open of scans) await addLine(open, text, number);
        if (scans.every(({ fault }) => fault !== undefined)) break;
      }
    } catch (fault) {
      for (const open of scans) open.fault ??= fault;
    }
    const fault = purpose === undefined ? undefined : scans[0]?.fault;
    if (fault !== undefined) throw fault;
  };

  return {
    async add(bytes) {
      if (scans.some(({ fault }) => fault === undefined)) await addLines(() => splitter.add(bytes));
    },
    async conclude(known) {
      requireLines(known);
      const open = scans.find((each) => each.purpose === known);
      if (!open) return undefined;
      if (open.fault === undefined) await addLines(() => splitter.end());
      if (open.fault !== undefined) throw open.fault;
      return open.scan.conclude();
    },
  };
}

async function addLine(open: OpenScan, text: string, number: number): Promise<void> {
  if (open.fault !== undefined) return;
  try {
    await open.scan.add(text, number);
  } catch (fault) {
    open.fault = fault;
  }
}
