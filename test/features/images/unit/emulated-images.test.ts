// The emulated provider's images: valid PNGs, usage, and OpenAI's errors.

import { crc32, inflateSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { readError, readJson, send } from "../../../provider/support/client.ts";

interface Images {
  data: { b64_json: string }[];
  usage: object;
}

const draw = (fields: object) =>
  send("POST", "/v1/images/generations", { model: "gpt-image-2", prompt: "a river", quality: "low", ...fields });

/** The chunks of a PNG by type. Throws when a checksum is wrong. */
function chunksOf(png: Buffer): Record<string, Buffer> {
  const chunks: Record<string, Buffer> = {};
  for (let at = 8; at < png.length; at += 12 + png.readUInt32BE(at)) {
    const typed = png.subarray(at + 4, at + 8 + png.readUInt32BE(at));
    if (crc32(typed) !== png.readUInt32BE(at + 4 + typed.length)) throw new Error("a checksum is wrong");
    chunks[typed.toString("latin1", 0, 4)] = typed.subarray(4);
    if (typed.length === 4) break;
  }
  return chunks;
}

async function drawn(prompt: string): Promise<Record<string, Buffer>> {
  const { data } = await readJson<Images>(await draw({ prompt, size: "1536x1024" }));
  return chunksOf(Buffer.from(data[0]?.b64_json ?? "", "base64"));
}

describe("an emulated image", () => {
  it("is a PNG of the requested size, whose colour follows the prompt", async () => {
    const river = await drawn("a river");
    expect([river["IHDR"]?.readUInt32BE(0), river["IHDR"]?.readUInt32BE(4)]).toEqual([1536, 1024]);
    expect(inflateSync(river["IDAT"] ?? "")).toHaveLength(1024 * (1 + 1536 / 8));
    expect(await drawn("a river")).toEqual(river);
    expect((await drawn("a weir"))["PLTE"]).not.toEqual(river["PLTE"]);
  });

  it("has usage by the formula, and more with gpt-image-2.6", async () => {
    const usage = { input_tokens: 2, output_tokens: 196, input_tokens_details: { text_tokens: 2, image_tokens: 0 } };
    expect((await readJson<Images>(await draw({}))).usage).toMatchObject(usage);
    const later = await readJson<Images>(await draw({ model: "gpt-image-2.6-flare" }));
    expect(later.usage).toMatchObject({ output_tokens: 4 * 196 });
  });

  it.each([
    [{ model: "gpt-5-mini" }, "model", "invalid_value"],
    [{ size: "100x100" }, "size", "invalid_value"],
    [{ quality: "max" }, "quality", "invalid_value"],
    [{ output_format: "gif" }, "output_format", "invalid_value"],
    [{ response_format: "b64_json" }, "response_format", "unknown_parameter"],
    [{ n: 11 }, "n", "integer_above_max_value"],
    [{ prompt: undefined }, "prompt", "missing_required_parameter"],
    [{ prompt: 'emulate {"moderation_blocked":true}' }, null, "moderation_blocked"],
  ])("is refused with %j", async (fields, param, code) => {
    expect(await readError(await draw(fields))).toMatchObject({ status: 400, param, code });
  });
});
