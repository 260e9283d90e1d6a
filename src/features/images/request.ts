// The schemas of POST /v1/images/generations and /v1/images/edits, as JSON and as the fields of a form.

import * as v from "valibot";
import { MAX_MODEL_NAME_LENGTH } from "../../core/catalog/card.ts";
import { listOf, textUpTo } from "../../core/http/bounded-schemas.ts";
import { FileId } from "../../dialects/openai/request-fields.ts";
import { ImageUrl } from "../../dialects/openai/image-url.ts";

/** OpenAI's limits. */
const MAX_PROMPT_LENGTH = 32_000;
export const MAX_INPUT_IMAGES = 16;
const MAX_CHOICES = 10;
const MAX_PARTIAL_IMAGES = 3;

/** The fields of both endpoints. Numbers and truth values have other schemas in JSON than in a form. */
const outputFields = (integer: v.GenericSchema<unknown, number>, truth: v.GenericSchema<unknown, boolean>) => {
  const between = (least: number, most: number) => v.nullish(v.pipe(integer, v.minValue(least), v.maxValue(most)));
  return {
    model: textUpTo(MAX_MODEL_NAME_LENGTH),
    prompt: v.pipe(v.string(), v.minLength(1), v.maxLength(MAX_PROMPT_LENGTH)),
    n: between(1, MAX_CHOICES),
    size: v.nullish(textUpTo(16)),
    quality: v.nullish(textUpTo(16)),
    background: v.nullish(v.picklist(["transparent", "opaque", "auto"])),
    output_format: v.nullish(textUpTo(16)),
    output_compression: between(0, 100),
    moderation: v.nullish(v.picklist(["low", "auto"])),
    complexity: v.nullish(v.picklist(["low", "medium", "high"])),
    stream: v.nullish(truth),
    partial_images: between(0, MAX_PARTIAL_IMAGES),
    user: v.nullish(textUpTo(1024)),
    safety_identifier: v.nullish(textUpTo(128)),
    /** Not sent to the provider: image models answer in base64, and refuse the field. */
    response_format: v.nullish(
      v.literal("b64_json", "must be 'b64_json': image models answer in base64 only. Leave it out"),
    ),
  };
};

const jsonFields = outputFields(v.pipe(v.number(), v.integer()), v.boolean());

/** The numbers of a form are texts. */
const formFields = outputFields(
  v.pipe(v.string(), v.regex(/^(0|[1-9]\d{0,2})$/, "must be a whole number"), v.transform(Number)),
  v.pipe(
    v.picklist(["true", "false"]),
    v.transform((text) => text === "true"),
  ),
);

const editFields = { input_fidelity: v.nullish(v.picklist(["high", "low"])) };

const PictureByUrl = v.strictObject({ image_url: ImageUrl });
const PictureFile = v.strictObject({ file_id: FileId });
const Picture = v.lazy((picture): v.GenericSchema<unknown, { image_url: string } | { file_id: string }> =>
  Object.hasOwn(picture ?? {}, "file_id") ? PictureFile : PictureByUrl,
);

export const ImageGenerationRequest = v.strictObject(jsonFields);

export const ImageEditRequest = v.strictObject({
  ...jsonFields,
  ...editFields,
  images: v.pipe(listOf(Picture, MAX_INPUT_IMAGES), v.minLength(1)),
  mask: v.nullish(Picture),
});

export type ImageEditRequest = v.InferOutput<typeof ImageEditRequest>;

/** The text fields of an edit in a form. */
export const ImageEditForm = v.strictObject({ ...formFields, ...editFields });

/** The fields that both endpoints have. */
export type ImageFields = v.InferOutput<typeof ImageGenerationRequest>;
