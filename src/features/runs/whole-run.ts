// A run as one JSON object: what the same request returns without streaming. Pure.

import type { ErrorBody } from "../../core/errors.ts";
import { ApiError, statusOfCode } from "../../core/errors.ts";
import { toSlimJson } from "../slim-chat/codec.ts";
import type { RunEvent } from "./log.ts";

/** Converts the events of an ended run to JSON text. Throws the error of one that failed, with its status. */
export function toWhole(events: readonly RunEvent[]): string {
  const valuesOf = (name: string) => events.filter((event) => event.name === name).map(({ data }) => JSON.parse(data));
  const [failure] = valuesOf("failed") as { error: ErrorBody }[];
  if (failure) throw new ApiError(statusOfCode(failure.error.code), failure.error);
  const thinking = valuesOf("thinking").join("");
  const tools = valuesOf("tool");
  const [summary] = valuesOf("done") as object[];
  return toSlimJson({
    text: valuesOf("text").join(""),
    ...(thinking === "" ? {} : { thinking }),
    ...(tools.length > 0 ? { tools } : {}),
    ...summary,
  });
}
