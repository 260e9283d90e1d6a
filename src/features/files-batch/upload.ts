// POST /v1/files: checks the plan, passes the form to the provider, and stores the file in the user's object.

import type { Plan, Provider } from "../../core/catalog/schema.ts";
import { apiError, InternalError } from "../../core/errors.ts";
import type { Caller } from "../../core/gateway/call.ts";
import { formBoundaryOf, invalidForm } from "../../core/http/form-syntax.ts";
import { requireUncompressed } from "../../core/http/request-bytes.ts";
import { spendRequests } from "../../core/quota/spend.ts";
import { filesOf, requireFileProvider } from "./catalog.ts";
import { callJobs } from "./client.ts";
import type { Intake } from "./intake.ts";
import { openIntake } from "./intake.ts";
import { LOST_UPLOAD_MS } from "./lost-uploads.ts";
import type { OutgoingForm } from "./outgoing-form.ts";
import { openOutgoingForm } from "./outgoing-form.ts";
import { deleteProviderFile, readProviderFile } from "./provider-files.ts";
import { createUploadId, stampOf } from "./stamp.ts";
import type { StoredFile, Upload } from "./stored-files.ts";
import type { UploadRoom } from "./upload-limits.ts";
import { openRoom, withUploadSlot } from "./upload-limits.ts";
import type { ReceivedForm } from "./upload-form.ts";
import { createUploadForm, fileTooLarge } from "./upload-form.ts";

/** The other parts of a form and the delimiters are smaller. */
const MAX_OTHER_BYTES = 16_384;
/** Ends before the alarm takes the upload for a lost one. */
const TOTAL_MS = LOST_UPLOAD_MS - 600_000;

type BegunUpload = Omit<Upload, "bytes">;

interface Transfer {
  caller: Caller;
  plan: Plan;
  upload: BegunUpload;
  room: UploadRoom;
  provider: Provider;
  body: ReadableStream<Uint8Array>;
  boundary: string;
  /** The declared bytes of the form. */
  length: number | undefined;
}

/**
 * Uploads a file for the caller. Throws 400, 408, 413 and 415 for the form, 429 for the plan, and the provider's errors.
 * A refused form is not stored anywhere.
 */
export async function uploadFile(caller: Caller, { headers, body }: Request): Promise<StoredFile> {
  const { catalog } = caller;
  const boundary = formBoundaryOf(headers);
  requireUncompressed(headers);
  if (!body) throw invalidForm("is empty");
  const length = declaredLength(headers);
  const { max_file_bytes: maxFileBytes } = filesOf(catalog);
  if (length !== undefined && length > maxFileBytes + MAX_OTHER_BYTES) throw fileTooLarge(maxFileBytes);
  const { name, provider } = requireFileProvider(catalog);
  const { objectName: owner, plan } = await spendRequests(caller, 1);
  const work = withUploadSlot(owner, async () => {
    const upload = { id: createUploadId(), owner, provider: name, beganAt: Date.now() };
    const room = await openRoom(caller, plan, upload, length);
    return transfer({ caller, plan, upload, room, provider, body, boundary, length });
  });
  // After a disconnect, the file is still stored or given up.
  caller.waitUntil(work.catch(() => undefined));
  return work;
}

function declaredLength(headers: Headers): number | undefined {
  const length = Number(headers.get("content-length") ?? NaN);
  return Number.isSafeInteger(length) && length > 0 ? length : undefined;
}

/** Passes the form on and stores the file. After a failure, the upload ends if the provider stored nothing. */
async function transfer(work: Transfer): Promise<StoredFile> {
  const { caller, upload } = work;
  const intake = openIntake(work.body, { idleMs: caller.catalog.timing.idle_ms, totalMs: TOTAL_MS });
  let outgoing: OutgoingForm | undefined;
  const stop = (reason: Error) => {
    intake.cancel(reason);
    if (!outgoing?.mayBeStored) outgoing?.cut(reason);
  };
  const leave = () => stop(apiError("client_closed_request", "The caller left."));
  caller.signal.addEventListener("abort", leave);
  try {
    const { form, answer } = await passOn(work, intake, (length) => (outgoing = open(work, length)));
    return await store(work, form, answer);
  } catch (error) {
    outgoing?.cut(error as Error);
    // Otherwise the alarm deletes the file, if there is one.
    if (!outgoing?.mayBeStored) await endUpload(caller, upload).catch(() => undefined);
    await intake.drop(filesOf(caller.catalog).max_file_bytes);
    throw error;
  } finally {
    intake.close();
    caller.signal.removeEventListener("abort", leave);
  }
}

/** Passes the form to the provider while it arrives. Its closing delimiter follows when all of it is valid. */
async function passOn(
  { caller, plan, upload, room, boundary, length }: Transfer,
  intake: Intake,
  begin: (length: number | undefined) => OutgoingForm,
): Promise<{ form: ReceivedForm; answer: string }> {
  const { max_file_bytes: maxFileBytes } = filesOf(caller.catalog);
  const form = createUploadForm(caller, { plan, stamp: stampOf(upload.owner, upload.id), maxFileBytes, room });
  /** The fields before the file. */
  const held: Uint8Array[] = [];
  let outgoing: OutgoingForm | undefined;
  for await (const event of intake.events(boundary)) {
    const bytes = await form.take(event);
    if (event.kind === "end") {
      const received = await form.conclude();
      if (!outgoing) throw new InternalError("a form without a file was accepted");
      return { form: received, answer: await outgoing.end(bytes) };
    }
    if (!outgoing && form.hasFile) {
      outgoing = begin(length === undefined ? undefined : length + form.addedBytes);
      for (const earlier of held) await outgoing.write(earlier);
    }
    if (outgoing) await outgoing.write(bytes);
    else held.push(bytes.slice());
  }
  throw new InternalError("the events of a form have no end");
}

function open({ caller, provider, boundary }: Transfer, length: number | undefined): OutgoingForm {
  const { idle_ms: idleMs, first_byte_ms: answerMs } = caller.catalog.timing;
  return openOutgoingForm({ env: caller.env, provider, boundary, length, idleMs, answerMs });
}

/** Stores a file that is as it was sent. Deletes it when it differs. */
async function store({ caller, upload, provider }: Transfer, form: ReceivedForm, answer: string): Promise<StoredFile> {
  const { purpose, filename, bytes, facts } = form;
  const described = readProviderFile(answer);
  const { id, created_at, expires_at } = described;
  // A file without the stamp can be another one, which must stay.
  const isStamped = described.filename.startsWith(stampOf(upload.owner, upload.id));
  if (!isStamped || described.bytes !== bytes || described.purpose !== purpose) {
    if (isStamped) {
      await deleteProviderFile({ env: caller.env, provider }, id);
      await endUpload(caller, upload);
    }
    throw apiError("provider_error", "The provider did not store the file as it was sent. Please try again.");
  }
  // The clock of the provider may differ, so only the lifetime is taken from it.
  const createdAt = Math.floor(Date.now() / 1000);
  const expiresAt = expires_at ? createdAt + expires_at - created_at : undefined;
  const file = { id, provider: upload.provider, purpose, bytes, filename, createdAt, expiresAt, facts };
  if (await endUpload(caller, upload, file)) return file;
  await deleteProviderFile({ env: caller.env, provider }, id);
  throw apiError("jobs_unavailable", "Your files were deleted while this one arrived. Please try again.");
}

const endUpload = (caller: Caller, { id }: BegunUpload, file?: StoredFile) =>
  callJobs(caller, (jobs) => jobs.endUpload(id, file));
