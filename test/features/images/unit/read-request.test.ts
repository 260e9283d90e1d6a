// The readers of image requests: the memory of the files of a form.

import { expect, it } from "vitest";
import { readImageEdit } from "../../../../src/features/images/read-request.ts";
import { pngFile } from "../support/pictures.ts";

it("the files of an edit are in memory until they are released", async () => {
  const form = new FormData();
  for (const [name, value] of Object.entries({ model: "gpt-image-2", prompt: "a boat" })) form.append(name, value);
  form.append("image", pngFile());
  const request = await readImageEdit({ raw: new Request("http://weir/", { method: "POST", body: form }) });
  expect(request.subject.images).toHaveLength(1);
  request.release?.();
  expect(request.subject.images).toEqual([]);
});
