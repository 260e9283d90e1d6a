// The size, quality and most output tokens of a requested image, by the model's card.

import type { ModelCard } from "../../core/catalog/card.ts";
import type { Need } from "../../core/catalog/support.ts";
import { formulaTokens, isImageSize, readImageSize } from "./output-tokens.ts";
import type { ImageFields } from "./request.ts";

type CardOutput = NonNullable<ModelCard["image_output"]>;

export interface PlannedImage {
  size: string;
  quality: string;
  /** The most output tokens of one image with its partial images; undefined when the card lacks a fact. */
  tokens: number | undefined;
}

/**
 * Plans the images of a request. The card's defaults replace `auto`, so that the bound is that of one size and quality.
 * Throws 400 `unsupported_value` for a size that no model makes.
 */
export function planImage(fields: ImageFields, card: CardOutput): PlannedImage {
  const requestedSize = explicit(fields.size);
  const size = requestedSize ?? card.default_size;
  const quality = explicit(fields.quality) ?? card.default_quality;
  const rule = Object.hasOwn(card.qualities, quality) ? card.qualities[quality] : undefined;
  if (!rule || !(requestedSize || hasLegalDefault(card))) return { size, quality, tokens: undefined };
  const pixels = readImageSize(size);
  const tokens = "formula_base" in rule ? formulaTokens(rule.formula_base, pixels) : rule.max_tokens;
  return { size, quality, tokens: tokens + (fields.partial_images ?? 0) * card.partial_image_tokens };
}

const hasLegalDefault = (card: CardOutput | undefined) => card !== undefined && isImageSize(card.default_size);

const explicit = (value: string | null | undefined) => (value && value !== "auto" ? value : undefined);

/** The facts that a card must have for a request with `images` input images. Messages list what `output` has. */
export function imageNeeds(
  fields: ImageFields,
  images: number,
  planned: PlannedImage | undefined,
  output: CardOutput | undefined,
): Need[] {
  const { output_format: format, stream } = fields;
  const needs = [
    fact("model", "image output, because its card has no 'image_output'", (card) => card.image_output !== undefined),
  ];
  if (!explicit(fields.size)) {
    const title = "'auto' as the size, because its card has no legal 'default_size'";
    needs.push(fact("model", title, (card) => hasLegalDefault(card.image_output)));
  }
  if (images > 0) {
    const title = "image input, because its card has no 'image_tokens'";
    needs.push(fact("model", title, (card) => card.image_tokens !== undefined));
  }
  if (planned) {
    const { quality } = planned;
    const hasQuality = (card: ModelCard) => Object.hasOwn(card.image_output?.qualities ?? {}, quality);
    const known = Object.keys(output?.qualities ?? {});
    needs.push(fact("quality", `the quality '${quality}', only: ${known.join(", ")}`, hasQuality));
  }
  if (format) {
    const hasFormat = (card: ModelCard) => card.image_output?.formats.includes(format) === true;
    const known = output?.formats ?? [];
    needs.push(fact("output_format", `the output format '${format}', only: ${known.join(", ")}`, hasFormat));
  }
  if (stream) needs.push({ kind: "feature", feature: "streaming", param: "stream" });
  return needs;
}

const fact = (param: string, title: string, isMetBy: (card: ModelCard) => boolean): Need => ({
  kind: "fact",
  param,
  title,
  isMetBy,
});
