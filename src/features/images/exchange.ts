// The image exchange: the bound of images, and answers of megabytes that pass through unparsed.

import type { ModelCard } from "../../core/catalog/card.ts";
import { apiError } from "../../core/errors.ts";
import type { OutgoingBody, Subject, Way } from "../../core/gateway/exchange.ts";
import type { UploadedFile } from "../../core/gateway/uploaded-files.ts";
import { fileNeeds } from "../../core/gateway/uploaded-files.ts";
import type { Demand } from "../../core/quota/bound.ts";
import { inputLimitOf } from "../../core/quota/bound.ts";
import { createBytesCodec } from "../../core/relay/bytes-codec.ts";
import type { Codec } from "../../core/relay/codec.ts";
import { utf8Length } from "../../core/utf8-length.ts";
import { parameterNeeds } from "../../dialects/openai/request-body.ts";
import { createImageEvents } from "./image-events.ts";
import type { PlannedImage } from "./image-output.ts";
import { imageNeeds, planImage } from "./image-output.ts";
import type { ImageFields } from "./request.ts";
import { imageUsageIn } from "./usage.ts";

/** A request for images in JSON or in a form. */
export interface ImageRequest {
  endpoint: "image_generation" | "image_edit";
  fields: ImageFields;
  /** The number of input images, including the mask. */
  images: number;
  /** Uploaded files among them. */
  files?: UploadedFile[];
  subject: Subject;
  /** Writes the body with these fields in place of the caller's. An undefined field is left out. */
  write(changes: Record<string, string | undefined>): OutgoingBody;
  /** Frees the memory of the files. The request cannot be written or moderated afterwards. */
  release?: () => void;
}

/** Tokens that the provider adds to a prompt, at most. */
const TEMPLATE_TOKENS = 16;

/** Passes an image request and its answer through. Throws 400 `unsupported_value` for a stream of several images. */
export function passImages(request: ImageRequest): Way {
  const { endpoint, fields, images, files = [], subject } = request;
  if (fields.stream && (fields.n ?? 1) > 1) {
    const message = "Only one image can be streamed. Leave 'n' out, or set 'stream' to false.";
    throw apiError("unsupported_value", message, { param: "n" });
  }
  const usageIn = (text: string) => imageUsageIn(text, images > 0);
  return {
    endpoint,
    prepare({ snapshot, card, fixed }) {
      const prompt = [...(fixed.instructions ? [fixed.instructions] : []), fields.prompt].join("\n\n");
      const output = card.image_output;
      const planned = output && planImage(fields, output);
      const { size, quality } = planned ?? {};
      return {
        ask: {
          endpoint,
          needs: [
            ...parameterNeeds(fields, endpoint, (field) => field),
            ...imageNeeds(fields, images, planned, output),
            ...fileNeeds(files),
          ],
          demand: demandOf({ ...request, prompt }, card, planned),
          subject,
          write: () => request.write({ model: snapshot, prompt, size, quality, response_format: undefined }),
          ...(planned && { changes: { "weir-image-size": planned.size, "weir-image-quality": planned.quality } }),
        },
        reply: {
          kind: "bytes",
          readsEvents: fields.stream === true,
          createCodec: () =>
            releasingFiles(request, fields.stream ? createImageEvents(usageIn) : createBytesCodec(usageIn)),
        },
      };
    },
  };
}

/** Releases the files with the first output: no attempt follows it, and a slow caller can take minutes to read it. */
function releasingFiles({ release }: ImageRequest, codec: Codec): Codec {
  if (!release) return codec;
  const take = () => {
    release();
    return codec.take();
  };
  return { ...codec, take };
}

/** Several images are billed as that many requests, each with the whole input. `prompt` is the one that is sent. */
function demandOf(
  { fields, images, prompt }: ImageRequest & { prompt: string },
  card: ModelCard,
  planned: PlannedImage | undefined,
): Demand {
  const choices = fields.n ?? 1;
  return {
    // The bound adds the template of one request by itself.
    inputBytes: choices * (utf8Length(prompt) + TEMPLATE_TOKENS) - TEMPLATE_TOKENS,
    images: choices * images,
    choices,
    maxOutputTokens: undefined,
    // A model without a bound is refused before.
    fixedOutput: { tokens: planned?.tokens ?? Infinity, isChargedWhole: true },
    maxInputTokens: choices * inputLimitOf(card),
    chargesExcess: true,
  };
}
