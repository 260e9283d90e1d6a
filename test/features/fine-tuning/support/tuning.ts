// Fine-tuning in workerd: examples, a user with a training file, and jobs with a script.

import type { TestPlan } from "../../../support/catalog.ts";
import { createDollarCatalog } from "../../../support/catalog.ts";
import { createOwner } from "../../files-batch/support/uploads.ts";
import type { FileObject } from "../../files-batch/support/uploads.ts";

export const JOBS = "/v1/fine_tuning/jobs";
export const BASE = "gpt-4.1-mini-2025-04-14";

/** The tests' catalog, with these facts of models that can be trained. */
export function createTuningCatalog(facts: object = {}) {
  const catalog = createDollarCatalog();
  for (const card of Object.values(catalog.cards)) {
    if ("fine_tuning" in card) Object.assign(card.fine_tuning as object, facts);
  }
  return catalog;
}

const example = {
  messages: [
    { role: "user", content: "How wide is the weir?" },
    { role: "assistant", content: "Wide." },
  ],
};
const preference = {
  input: { messages: example.messages.slice(0, 1) },
  preferred_output: example.messages.slice(1),
  non_preferred_output: [{ role: "assistant", content: "No." }],
};

/** Ten examples, OpenAI's minimum. */
export const EXAMPLES = `${JSON.stringify(example)}\n`.repeat(10);
export const PREFERENCES = `${JSON.stringify(preference)}\n`.repeat(10);

export interface Job {
  id: string;
  object: string;
  model: string;
  status: string;
  trained_tokens: number | null;
  fine_tuned_model: string | null;
  result_files: string[];
  metadata: Record<string, string> | null;
  method: { type: string; [method: string]: unknown };
}

/** A new user with a training file, who creates and reads jobs. */
export async function createTrainer(content = EXAMPLES, plan?: TestPlan) {
  const user = await createOwner(plan);
  const upload = async (examples: string) => {
    const response = await user.upload(examples, { purpose: "fine-tune" }, "examples.jsonl");
    if (response.status !== 200) throw new Error(await response.text());
    return response.json<FileObject>();
  };
  const file = await upload(content);
  const request = (fields: object = {}, script: object = {}) =>
    user.post(JOBS, {
      model: "gpt-4.1-mini",
      training_file: file.id,
      ...fields,
      metadata: { emulate: JSON.stringify({ job_seconds: 0, ...script }) },
    });
  return {
    ...user,
    upload,
    file,
    /** Requests a job that the provider runs by that script. */
    request,
    create: async (fields?: object, script?: object) => {
      const response = await request(fields, script);
      const text = await response.text();
      if (response.status !== 200) throw new Error(text);
      return JSON.parse(text) as Job;
    },
    job: async (id: string) => (await user.get(`${JOBS}/${id}`)).json<Job>(),
  };
}

/** A user with a fine-tuned model. */
export async function createModelOwner() {
  const user = await createTrainer();
  const { id } = await user.create({ suffix: "river", hyperparameters: { n_epochs: 1 } });
  const { fine_tuned_model: model } = await user.job(id);
  if (model === null) throw new Error("the job has made no model");
  return { ...user, model };
}

/** The error of a call with that name of a model, with NAME in place of the name. */
export async function refusalFor(name: string, call: (name: string) => Promise<Response>): Promise<string> {
  const response = await call(name);
  return JSON.stringify([response.status, await response.json()]).replaceAll(name, "NAME");
}

/** A name like that of a fine-tuned model, which nobody has. */
export const UNKNOWN_MODEL = "ft:gpt-4.1-mini-2025-04-14:emulated:river:unknown";
