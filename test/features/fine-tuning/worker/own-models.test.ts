// Fine-tuned models in workerd: their owner calls them at their own prices, and nobody else knows them.

import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { errorOf, ONLY_REQUESTS } from "../../../support/caller.ts";
import { createUser, emulation, useCatalog } from "../../../support/workerd.ts";
import type { Job } from "../support/tuning.ts";
import { createTrainer, createTuningCatalog, EXAMPLES, JOBS } from "../support/tuning.ts";

const MESSAGES = [{ role: "user", content: 'emulate {"tokens":5}' }];

/** Each route that takes the name of a model. */
const CALLS: [string, object][] = [
  ["/chat", { input: MESSAGES[0]?.content, stream: false }],
  ["/v1/chat/completions", { messages: MESSAGES }],
  ["/v1/responses", { input: MESSAGES }],
  ["/v1/responses/input_tokens", { input: MESSAGES }],
];

let owner: Awaited<ReturnType<typeof createTrainer>>;
let model = "";
let id = "";

beforeAll(async () => {
  await useCatalog(createTuningCatalog());
  owner = await createTrainer();
  ({ id } = await owner.create({ suffix: "river", hyperparameters: { n_epochs: 1 } }));
  model = (await owner.job(id)).fine_tuned_model ?? "";
});
beforeEach(emulation.zero);

/** A second user, with a job of an own. */
async function createOther() {
  const user = await createTrainer();
  await user.job((await user.create()).id);
  return user;
}

describe("a fine-tuned model", () => {
  it.each(CALLS)("answers its owner on %s", async (path, body) => {
    const response = await owner.post(path, { model, ...body });
    expect([response.status, response.headers.get("weir-model")]).toEqual([200, model]);
    expect((await emulation.stats()).last?.body).toMatchObject({ model });
  });

  it("answers its owner in a run", async () => {
    const headers = { "idempotency-key": crypto.randomUUID() };
    const response = await owner.post("/chat", { model, input: "Hi" }, { headers });
    expect([response.status, response.headers.get("weir-model")]).toEqual([200, model]);
    await response.text();
  });

  it("costs its own price", async () => {
    const usdOf = async () => (await owner.usage()).windows.find(({ unit }) => unit === "usd")?.used ?? NaN;
    const before = await usdOf();
    const response = await owner.post("/v1/chat/completions", { model, messages: MESSAGES });
    const { usage } = await response.json<{ usage: { prompt_tokens: number; completion_tokens: number } }>();
    await owner.settled();
    expect((await usdOf()) - before).toBeCloseTo((usage.prompt_tokens * 0.8 + usage.completion_tokens * 3.2) / 1e6, 9);
  });

  it("is in its owner's list of models, with the card of its base", async () => {
    const list = await (await owner.get("/v1/models")).json<{ data: { id: string }[] }>();
    expect(list.data.filter((each) => each.id.startsWith("ft:")).map((each) => each.id)).toEqual([model]);
    const shown = await (await owner.get(`/v1/models/${model}`)).json();
    expect(shown).toMatchObject({ id: model, card: { id: "gpt-4.1-mini", prices: { input: 0.8, output: 3.2 } } });
    const base = await (await owner.get("/v1/models/gpt-4.1-mini")).json();
    expect(base).toMatchObject({ card: { prices: { input: 0.4 } } });
  });

  it("has a name for each of its checkpoints", async () => {
    const other = await createTrainer();
    const { id: jobId } = await other.create();
    await other.job(jobId);
    const { data } = await (
      await other.get(`${JOBS}/${jobId}/checkpoints`)
    ).json<{
      data: { fine_tuned_model_checkpoint: string }[];
    }>();
    const names = data.map((each) => each.fine_tuned_model_checkpoint);
    expect(names).toHaveLength(3);
    for (const name of names) {
      expect((await other.post("/chat", { model: name, input: "Hi", stream: false })).status).toBe(200);
    }
  });
});

describe("for another user", () => {
  it.each([...CALLS.map(([path, body]) => [path, "POST", body] as const), ["/v1/models", "GET", {}] as const])(
    "the model does not exist on %s",
    async (path, method, body) => {
      const other = await createUser();
      const answerFor = async (name: string) => {
        const response =
          method === "GET" ? await other.get(`${path}/${name}`) : await other.post(path, { model: name, ...body });
        const text = JSON.stringify({ status: response.status, error: await errorOf(response) });
        return text.replaceAll(name, "NAME");
      };
      const unknown = await answerFor("ft:gpt-4.1-mini-2025-04-14:emulated:river:unknown");
      expect(JSON.parse(unknown)).toMatchObject({ status: 404, error: { code: "model_not_found" } });
      expect(await answerFor(model)).toBe(unknown);
      expect((await emulation.stats()).requests).toBe(0);
    },
  );

  it.each(["", "/cancel", "/pause", "/resume", "/events", "/checkpoints"])(
    "the job does not exist at %s",
    async (rest) => {
      const other = await createOther();
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
    const other = await createOther();
    const { data } = await (await other.get(JOBS)).json<{ data: Job[] }>();
    expect(data.map((job) => job.id)).not.toContain(id);
    const job = await owner.job(id);
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
    const other = await createUser();
    const paths = [`/v1/fine_tuning/checkpoints/${model}/permissions`, "/v1/fine_tuning/alpha/graders/run"];
    for (const path of paths) expect((await other.post(path, {})).status).toBe(404);
    expect(await other.settled()).toEqual(ONLY_REQUESTS(0));
  });
});

it("the list of jobs has pages", async () => {
  const user = await createTrainer(EXAMPLES);
  const ids = [(await user.create()).id, (await user.create()).id];
  const page = async (query: string) => {
    const { data, has_more } = await (
      await user.get(`${JOBS}?limit=1${query}`)
    ).json<{
      data: Job[];
      has_more: boolean;
    }>();
    return [data.map((job) => job.id), has_more];
  };
  const [first] = await page("");
  expect([first, await page(`&after=${String(first)}`)]).toEqual([
    [expect.stringMatching(ids.join("|"))],
    [ids.filter((each) => each !== String(first)), false],
  ]);
});
