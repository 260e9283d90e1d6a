// The models of fine-tuning jobs, which answer like their base.
import type { Model, ModelSource } from "../kernel/catalog.ts";
import { checkpointsOf, listJobs, readState } from "./job.ts";

/** A trained model exists from the end of its job on, and each checkpoint from the end of its epoch. */
export const trainedModels: ModelSource = {
  find: (name) => (name.startsWith("ft:") ? list().find((model) => model.name === name) : undefined),
  list,
};

function list(): Model[] {
  return listJobs().flatMap((job) => checkpointsOf(job, readState(job)).map(({ model }) => toModel(job.base, model)));
}

function toModel({ card, snapshot }: Model, name: string): Model {
  return { name, snapshotId: name, snapshot, card };
}
