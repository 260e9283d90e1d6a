// The readers of image requests: the memory of the files of a form.

import { expect, it } from "vitest";
import type { Caller } from "../../../../src/core/gateway/call.ts";
import { readImageEdit } from "../../../../src/features/images/read-request.ts";
import { pngFile } from "../support/pictures.ts";

it("the files of an edit are in memory until they are released", async () => {
  const form = new FormData();
  for (const [name, value] of Object.entries({ model: "gpt-image-2", prompt: "a boat" })) form.append(name, value);
  form.append("image", pngFile());
  const raw = new Request("http://weir/", { method: "POST", body: form });
  const request = await readImageEdit({ raw }, {} as Caller);
  expect(request.subject.images).toHaveLength(1);
  request.release?.();
  expect(request.subject.images).toEqual([]);
});
