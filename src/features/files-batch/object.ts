// The Durable Object with the files and jobs of one user. Its alarm settles jobs whose owner does not ask.
// It stores no amounts: jobs settle in the user's ledger.

import { DurableObject } from "cloudflare:workers";
import type { Bindings } from "../../core/env.ts";
import { callQuota } from "../../core/quota/client.ts";
import type { FileLimits } from "./catalog.ts";
import { deleteAtProvider } from "./deletion.ts";
import { deleteLostUploads, LOST_UPLOAD_MS } from "./lost-uploads.ts";
import type { JobsReply } from "./reply.ts";
import { toJobsReply } from "./reply.ts";
import type { FileList, FilePage, StoredFile, Upload, UploadRefusal } from "./stored-files.ts";
import { openFileStore } from "./stored-files.ts";
import type { JobPage, NewJob, WatchedJob } from "./stored-jobs.ts";
import { openJobStore } from "./stored-jobs.ts";
import type { WatchContext } from "./watch.ts";
import { checkDueJobs, checkJob } from "./watch.ts";

/** The alarm comes again after this time at the earliest. */
const RETRY_MS = 1000;

export class UserJobs extends DurableObject<Bindings> {
  #opened: WatchContext | undefined;
  /** Checks that run, by the key of the job, so that no output is read twice at the same time. */
  readonly #checks = new Map<string, Promise<WatchedJob | undefined>>();

  /**
   * Begins an upload, before any byte goes to the provider, or changes the bytes of one. Returns the limit that refuses
   * it.
   */
  async beginUpload(upload: Upload, limits: FileLimits): Promise<UploadRefusal | undefined> {
    const refusal = this.#open().files.begin(upload, limits);
    if (!refusal) await this.#wakeBy(upload.beganAt + LOST_UPLOAD_MS);
    return refusal;
  }

  /** Ends an upload, with the file that it has made. Returns false when it has not begun, or was deleted with its user. */
  endUpload(uploadId: string, file?: StoredFile): boolean {
    return this.#open().files.end(uploadId, file);
  }

  /** Returns the user's files among these ids. */
  getFiles(ids: string[]): StoredFile[] {
    return ids.flatMap((id) => this.#open().files.get(id, Date.now()) ?? []);
  }

  /** Returns one page of files. Undefined: the user has no file `page.after`. */
  listFiles(page: FilePage): FileList | undefined {
    return this.#open().files.list(page, Date.now());
  }

  removeFile(id: string): void {
    this.#open().files.remove(id);
  }

  /** Checks the unsettled jobs that read or have written a file. Returns the name of one that has not ended. */
  userOfFile({ id, job: writer }: Pick<StoredFile, "id" | "job">): Promise<JobsReply<string | undefined>> {
    return toJobsReply(async () => {
      const unsettled = this.#open().jobs.unsettled();
      for (const { key } of unsettled.filter(({ key, inputs }) => key === writer || inputs.includes(id))) {
        const checked = await this.#check(key);
        if (checked?.checkAt !== undefined) return checked.id ?? "a job that is being created";
      }
      return undefined;
    });
  }

  /**
   * Stores a job before its reservation. If its creation is not confirmed by `confirmBy` (epoch ms), the alarm asks the
   * provider for it. Returns false when the user has `most` jobs.
   */
  async openJob(job: NewJob, confirmBy: number, most: number): Promise<boolean> {
    const isOpened = this.#open().jobs.add(job, confirmBy, most);
    if (isOpened) await this.#wakeBy(confirmBy);
    return isOpened;
  }

  /** Confirms the creation of a job. Its first check comes at `checkAt` (epoch ms). */
  async startJob(key: string, id: string, text: string, checkAt: number): Promise<void> {
    const { jobs } = this.#open();
    const job = jobs.byKey(key);
    if (!job) return;
    jobs.save({ ...job, id, text, checkAt });
    await this.#wakeBy(checkAt);
    await callQuota(this.env, job.owner, (object) => object.nameJob({ key, id }));
  }

  /** Removes a job that the quota or the provider has refused. */
  dropJob(key: string): void {
    this.#open().jobs.remove(key);
  }

  /** Returns a job without a check. */
  getJob(kind: string, id: string): WatchedJob | undefined {
    return this.#open().jobs.byId(kind, id);
  }

  /** Checks a job at its provider, unless it is settled, and returns it. Undefined: the user has no such job. */
  checkJob(kind: string, id: string): Promise<JobsReply<WatchedJob | undefined>> {
    return toJobsReply(async () => {
      const job = this.#open().jobs.byId(kind, id);
      return job && this.#check(job.key);
    });
  }

  /** Returns one page of jobs, checked. A job whose check fails is returned as it was. */
  async listJobs(page: JobPage): Promise<{ jobs: WatchedJob[]; hasMore: boolean }> {
    const { jobs, hasMore } = this.#open().jobs.list(page);
    const checked = await Promise.all(jobs.map((job) => this.#check(job.key).catch(() => job)));
    return { jobs: checked.filter((job) => job !== undefined), hasMore };
  }

  /** Returns the job that has made a model. */
  jobOfModel(model: string): WatchedJob | undefined {
    return this.#open().jobs.byModel(model);
  }

  /** Returns the models that the jobs have made, with their base snapshots. */
  listModels(): { name: string; snapshot: string }[] {
    return this.#open().jobs.models();
  }

  /** Cancels the jobs, deletes the files at the provider, and then everything here. Repeat it after an error. */
  clear(): Promise<JobsReply<undefined>> {
    return toJobsReply(async () => {
      await deleteAtProvider(this.#open());
      await this.ctx.storage.deleteAll();
      this.#opened = undefined;
      return undefined;
    });
  }

  /** Checks the jobs that are due, and deletes what lost uploads have left at the provider. */
  override async alarm(): Promise<void> {
    const now = Date.now();
    const context = this.#open();
    await checkDueJobs(context, ({ key }) => this.#check(key), now);
    const searchAt = await deleteLostUploads(context, now);
    const due = [...context.jobs.unsettled().map(({ checkAt }) => checkAt), searchAt];
    const next = Math.min(...due.filter((time) => time !== undefined));
    if (next < Infinity) await this.ctx.storage.setAlarm(Math.max(next, Date.now() + RETRY_MS));
  }

  #check(key: string): Promise<WatchedJob | undefined> {
    const running = this.#checks.get(key);
    if (running) return running;
    const check = checkJob(this.#open(), key).finally(() => this.#checks.delete(key));
    this.#checks.set(key, check);
    return check;
  }

  async #wakeBy(time: number): Promise<void> {
    const { storage } = this.ctx;
    const alarmAt = await storage.getAlarm();
    if (alarmAt === null || alarmAt > time) await storage.setAlarm(time);
  }

  #open(): WatchContext {
    const { env, ctx } = this;
    const { sql } = ctx.storage;
    this.#opened ??= {
      env,
      waitUntil: (work) => ctx.waitUntil(work),
      jobs: openJobStore(sql),
      files: openFileStore(sql),
    };
    return this.#opened;
  }
}
