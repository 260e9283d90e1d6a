// Uploads in workerd when the plan is full, or the provider or the network fails or is slow.

import { beforeEach, describe, expect, it } from "vitest";
import { errorOf } from "../../../support/caller.ts";
import type { Provider } from "../../../support/providers.ts";
import { emulated, upstream } from "../../../support/providers.ts";
import { repeatUntil } from "../../../support/repeat.ts";
import type { FileObject } from "../support/uploads.ts";
import { createOwner, END, field, filePart, formRequest, inChunks, useFileRules } from "../support/uploads.ts";

const PURPOSE = field("purpose", "user_data");
const SMALL = `${filePart("water")}${PURPOSE}${END}`;

beforeEach(async () => {
  await useFileRules();
});

describe("a plan", () => {
  it.each<[what: string, limits: Parameters<typeof useFileRules>[0], window: string, fitsPlan: boolean]>([
    ["without files", { limits: false }, "files", false],
    ["for no file", { limits: { max_files: 0 } }, "files", false],
    ["for fewer bytes than the form has", { limits: { max_bytes: 100 } }, "file_bytes", false],
    ["for one file", { limits: { max_files: 1 } }, "files", true],
    ["for the bytes of one file", { limits: { max_bytes: SMALL.length + 4 } }, "file_bytes", true],
  ])("%s refuses the next file, and says if a deletion helps", async (_what, rules, window, fitsPlan) => {
    const user = await createOwner();
    await user.get("/v1/files", formRequest(SMALL));
    await useFileRules(rules);
    const response = await user.get("/v1/files", formRequest(SMALL));
    expect([response.status, response.headers.get("x-should-retry")]).toEqual([429, "false"]);
    expect(await errorOf(response)).toMatchObject({ code: "plan_limit_exceeded", window, fits_plan: fitsPlan });
    expect(await user.atProvider()).toHaveLength(1);
  });

  it("has room again when a file is deleted", async () => {
    await useFileRules({ limits: { max_files: 1 } });
    const user = await createOwner();
    const { id } = await (await user.upload("water")).json<FileObject>();
    await user.get(`/v1/files/${id}`, { method: "DELETE" });
    expect((await user.upload("water")).status).toBe(200);
  });

  it.each([
    [150_000, 200],
    [250_000, 429],
  ])("with 200,000 bytes left answers a file of %i bytes without a declared length with %i", async (bytes, status) => {
    await useFileRules({ limits: { max_bytes: 200_000 } });
    const user = await createOwner();
    const form = `${filePart("x".repeat(bytes))}${PURPOSE}${END}`;
    expect((await user.get("/v1/files", formRequest(inChunks(form)))).status).toBe(status);
    expect([await user.atProvider(), await user.uploads()]).toMatchObject([status === 200 ? [{ bytes }] : [], 0]);
  });

  it.each(["declared", "undeclared"])(
    "refuses a file that is too large for the deployment, of %s size",
    async (size) => {
      await useFileRules({ max_file_bytes: 50_000 });
      const user = await createOwner();
      const form = `${filePart("x".repeat(90_000))}${PURPOSE}${END}`;
      const response = await user.get("/v1/files", formRequest(size === "declared" ? form : inChunks(form)));
      expect([response.status, await errorOf(response)]).toMatchObject([
        413,
        { code: "body_too_large", param: "file" },
      ]);
      expect([await user.atProvider(), await user.uploads()]).toEqual([[], 0]);
    },
  );
});

const refusal = (status: number, error: object) => Response.json({ error }, { status });
const readAll = async (request: Request) => void (await request.arrayBuffer());

describe("a provider", () => {
  it.each<[what: string, provider: Provider, status: number, code: string, uploads: number]>([
    [
      "that refuses the whole form has stored nothing",
      async (request) => {
        await readAll(request);
        return refusal(400, { message: "Bad file.", code: "invalid_file" });
      },
      400,
      "invalid_file",
      0,
    ],
    [
      "that refuses before it has read has stored nothing",
      () => refusal(401, { message: "No." }),
      502,
      "provider_unauthorized",
      0,
    ],
    [
      "that fails after it has read may have stored the file",
      async (request) => {
        await readAll(request);
        return refusal(500, { message: "Sorry." });
      },
      502,
      "provider_error",
      1,
    ],
    [
      "whose connection breaks after it has read may have stored the file",
      async (request) => {
        await readAll(request);
        throw new Error("connection lost");
      },
      502,
      "provider_error",
      1,
    ],
    [
      "that answers without a file may have stored it",
      async (request) => {
        await readAll(request);
        return Response.json({});
      },
      502,
      "provider_error",
      1,
    ],
  ])("%s", async (_what, provider, status, code, uploads) => {
    const user = await createOwner(undefined, upstream(provider));
    const form = `${filePart("x".repeat(300_000))}${PURPOSE}${END}`;
    const response = await user.get("/v1/files", formRequest(form));
    expect([response.status, (await errorOf(response)).code]).toEqual([status, code]);
    // The alarm looks for the file of an upload that has not ended.
    expect(await user.uploads()).toBe(uploads);
  });

  it.each([
    ["bytes", 0],
    ["purpose", 0],
    // It can be another file. The alarm looks for the right one.
    ["filename", 1],
  ])("that stored other %s is told apart, and leaves %i files", async (changed, files) => {
    const provider: Provider = async (request) => {
      const response = await emulated(request);
      if (request.method !== "POST") return response;
      const file = await response.json<FileObject>();
      return Response.json({ ...file, [changed]: changed === "bytes" ? 1 : "other" });
    };
    const user = await createOwner(undefined, upstream(provider));
    const response = await user.get("/v1/files", formRequest(SMALL));
    expect([response.status, (await errorOf(response)).code]).toEqual([502, "provider_error"]);
    expect([(await user.atProvider()).length, await user.uploads()]).toEqual([files, files]);
  });
});

/** A body that has a file without end, and the number of its chunks of 50,000 bytes that were read. */
function createEndless() {
  const seen = { chunks: 0 };
  const head = new TextEncoder().encode(`${PURPOSE}${filePart("").trimEnd()}\r\n\r\n`);
  const body = new ReadableStream(
    {
      type: "bytes",
      pull(controller) {
        controller.enqueue(seen.chunks === 0 ? head.slice() : new Uint8Array(50_000).fill(120));
        seen.chunks += 1;
      },
    },
    { highWaterMark: 0 },
  );
  return { body, seen };
}

describe("a slow network", () => {
  it("to the provider slows the caller down, and ends the upload", async () => {
    await useFileRules({ max_file_bytes: 10_000_000, limits: { max_bytes: 10_000_000 }, idle_ms: 50 });
    const { body, seen } = createEndless();
    let seenByThen = 0;
    const provider: Provider = async (request) => {
      await request.body?.getReader().read();
      // It reads no more, until Weir gives up.
      await new Promise((resolve) => request.signal.addEventListener("abort", resolve));
      seenByThen = seen.chunks;
      throw new Error("aborted");
    };
    const user = await createOwner(undefined, upstream(provider));
    const response = await user.get("/v1/files", formRequest(body));
    expect([response.status, (await errorOf(response)).code]).toEqual([504, "provider_timeout"]);
    expect(await user.uploads()).toBe(0);
    expect(seenByThen).toBeGreaterThan(1);
    expect(seenByThen).toBeLessThan(20);
  });

  it("from the caller ends the upload, and nothing is stored", async () => {
    await useFileRules({ idle_ms: 50 });
    const { readable, writable } = new IdentityTransformStream();
    void writable.getWriter().write(new TextEncoder().encode(`${PURPOSE}${filePart("water")}`));
    const user = await createOwner(undefined, {});
    const response = await user.get("/v1/files", formRequest(readable));
    expect([response.status, (await errorOf(response)).code]).toEqual([408, "body_timeout"]);
    expect([await user.atProvider(), await user.uploads()]).toEqual([[], 0]);
  });
});

it("an upload whose user is deleted meanwhile is deleted too", async () => {
  const provider: Provider = async (request) => {
    const response = await emulated(request);
    if (request.method === "POST") await user.jobs().clear();
    return response;
  };
  const user = await createOwner(undefined, upstream(provider));
  const response = await user.get("/v1/files", formRequest(SMALL));
  expect([response.status, (await errorOf(response)).code]).toEqual([503, "jobs_unavailable"]);
  expect(await user.atProvider()).toEqual([]);
});

it("the ninth upload of a user at the same time is refused", async () => {
  const { promise: released, resolve: release } = Promise.withResolvers<undefined>();
  const provider: Provider = async (request) => {
    await released;
    return emulated(request);
  };
  const user = await createOwner(undefined, upstream(provider));
  const eight = Array.from({ length: 8 }, () => user.get("/v1/files", formRequest(SMALL)));
  await repeatUntil(user.uploads, (uploads) => uploads === 8);
  const ninth = await user.get("/v1/files", formRequest(SMALL));
  expect([ninth.status, (await errorOf(ninth)).code]).toEqual([429, "concurrency_limit_exceeded"]);
  release(undefined);
  expect((await Promise.all(eight)).map(({ status }) => status)).toEqual(Array(8).fill(200));
  expect((await user.get("/v1/files", formRequest(SMALL))).status).toBe(200);
});

describe("a caller who leaves", () => {
  it("while the file arrives leaves nothing behind", async () => {
    const { body } = createEndless();
    const control = new AbortController();
    const provider: Provider = async (request) => {
      await request.body?.getReader().read();
      const aborted = new Promise((resolve) => request.signal.addEventListener("abort", resolve));
      control.abort();
      await aborted;
      throw new Error("aborted");
    };
    const user = await createOwner(undefined, upstream(provider));
    await user.get("/v1/files", { ...formRequest(body), signal: control.signal });
    expect(await user.uploads()).toBe(0);
  });

  it("when the provider has the whole file finds it in the list later", async () => {
    const control = new AbortController();
    const provider: Provider = async (request) => {
      const response = await emulated(request);
      control.abort();
      return response;
    };
    const user = await createOwner(undefined, upstream(provider));
    await user.get("/v1/files", { ...formRequest(SMALL), signal: control.signal });
    const { data } = await (await user.get("/v1/files")).json<{ data: FileObject[] }>();
    expect([data.length, await user.uploads()]).toEqual([1, 0]);
  });
});
