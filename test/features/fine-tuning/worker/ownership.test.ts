// Jobs belong to their user: for everybody else, each route answers as for a job that does not exist.

import { beforeAll, describe, expect, it } from "vitest";
import { errorOf, ONLY_REQUESTS } from "../../../support/caller.ts";
import { createUser, useCatalog } from "../../../support/workerd.ts";
import type { Job } from "../support/tuning.ts";
import { createTrainer, createTuningCatalog, JOBS } from "../support/tuning.ts";

type Trainer = Awaited<ReturnType<typeof createTrainer>>;

let owner: Trainer;
let id = "";
/** A second user, with a job of an own. */
let other: Trainer;
let otherId = "";

beforeAll(async () => {
  await useCatalog(createTuningCatalog());
  [owner, other] = await Promise.all([createTrainer(), createTrainer()]);
  [{ id }, { id: otherId }] = await Promise.all([owner.create(), other.create()]);
});

describe("for another user", () => {
  it.each(["", "/cancel", "/pause", "/resume", "/events", "/checkpoints"])(
    "the job does not exist at %s",
    async (rest) => {
      const isAction = ["/cancel", "/pause", "/resume"].includes(rest);
      const answerFor = async (name: string) => {
        const response = await other.get(`${JOBS}/${name}${rest}`, { method: isAction ? "POST" : "GET" });
        return [response.status, (await errorOf(response)).message.replaceAll(name, "ID")];
      };
      expect(await answerFor(id)).toEqual([404, "You have no fine-tuning job 'ID'."]);
      for (const name of ["ftjob-unknown", "file-1", "ftjob-..%2Fmodels"]) {
        expect(await answerFor(name)).toEqual([404, expect.stringContaining("You have no fine-tuning job")]);
      }
    },
  );

  it("the job is in no list, and its files cannot be used", async () => {
    const { data } = await (await other.get(JOBS)).json<{ data: Job[] }>();
    expect(data.map((job) => job.id)).not.toContain(id);
    const job = await owner.job(id);
    expect(job.result_files).toHaveLength(1);
    for (const file of [owner.file.id, ...job.result_files]) {
      const refused = await other.request({ training_file: file });
      expect([refused.status, (await errorOf(refused)).message]).toEqual([
        404,
        `You have no file '${file}'. Upload it with POST /v1/files.`,
      ]);
      expect((await other.get(`/v1/files/${file}`)).status).toBe(404);
    }
  });

  it("routes for operators of the provider do not exist", async () => {
    const user = await createUser();
    const paths = [
      "/v1/fine_tuning/checkpoints/ft:gpt-4.1-mini:house::1/permissions",
      "/v1/fine_tuning/alpha/graders/run",
    ];
    for (const path of paths) expect((await user.post(path, {})).status).toBe(404);
    expect(await user.settled()).toEqual(ONLY_REQUESTS(0));
  });
});

it("the list of jobs has pages", async () => {
  const ids = [otherId, (await other.create()).id];
  const page = async (query: string) => {
    const response = await other.get(`${JOBS}?limit=1${query}`);
    const { data, has_more } = await response.json<{ data: Job[]; has_more: boolean }>();
    return { ids: data.map((job) => job.id), has_more };
  };
  const first = await page("");
  const second = await page(`&after=${first.ids[0]}`);
  expect([...first.ids, ...second.ids].toSorted()).toEqual(ids.toSorted());
  expect([first.has_more, second.has_more]).toEqual([true, false]);
});
