// Uploads whose request was lost: the alarm deletes what they have left at the provider, and so does a deletion.

import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { beforeEach, expect, it } from "vitest";
import { LOST_UPLOAD_MS } from "../../../../src/features/files-batch/lost-uploads.ts";
import { stampOf } from "../../../../src/features/files-batch/stamp.ts";
import { createCatalog } from "../../../support/catalog.ts";
import { emulation, useCatalog } from "../../../support/workerd.ts";
import { askProvider, createOwner, createUpload } from "../support/uploads.ts";

const LIMITS = { max_bytes: 1000, max_files: 10, max_jobs: 4 };

beforeEach(async () => {
  await useCatalog(createCatalog());
});

/** A user whose upload began that long ago. The provider has its file, and the user's object has not. */
async function createLostUpload(ageMs: number) {
  const user = await createOwner();
  const { owner } = user;
  const body = createUpload("water", { purpose: "user_data" }, `${stampOf(owner, "000000000001")}notes.txt`);
  await askProvider("/files", { method: "POST", body });
  const upload = { id: "000000000001", owner, provider: "openai", bytes: 5, beganAt: Date.now() - ageMs };
  await user.jobs().beginUpload(upload, LIMITS);
  const alarmAt = () => runInDurableObject(user.jobs(), (_, { storage }) => storage.getAlarm());
  return { ...user, upload, alarmAt, wake: () => runDurableObjectAlarm(user.jobs()) };
}

it("the file of a lost upload is deleted an hour after it began, and not before", async () => {
  const lost = await createLostUpload(LOST_UPLOAD_MS + 1000);
  await lost.wake();
  expect([await lost.atProvider(), await lost.uploads(), await lost.alarmAt()]).toEqual([[], 0, null]);
  const running = await createLostUpload(LOST_UPLOAD_MS - 60_000);
  await running.wake();
  expect([(await running.atProvider()).length, await running.uploads()]).toEqual([1, 1]);
  expect(await running.alarmAt()).toBe(running.upload.beganAt + LOST_UPLOAD_MS);
});

it("a search that fails comes again after minutes", async () => {
  const lost = await createLostUpload(LOST_UPLOAD_MS + 1000);
  await emulation.fault({ route: "GET /v1/files", status: 500 });
  const before = Date.now();
  await lost.wake();
  expect((await lost.alarmAt()) ?? 0).toBeGreaterThanOrEqual(before + 300_000);
  await lost.wake();
  expect([await lost.atProvider(), await lost.uploads()]).toEqual([[], 0]);
});

it("a deletion of the user deletes the files of uploads that have not ended", async () => {
  const lost = await createLostUpload(0);
  await lost.jobs().clear();
  expect(await lost.atProvider()).toEqual([]);
});
