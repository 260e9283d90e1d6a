// Parses the content of one Responses item: a string, or text, image and file parts.
import { type JsonObject, readImageUrl, readObjects, readString } from "../../kernel/body.ts";
import { invalidRequest, invalidType, invalidValue, missingParameter } from "../../kernel/errors.ts";

const INPUT_PARTS = ["input_text", "input_image", "input_file"];
const OUTPUT_PARTS = ["output_text", "refusal"];
const HAVE_FILES = new Set<unknown>(["input_image", "input_file"]);

interface ItemContent {
  /** All text, with its parts joined by line breaks. */
  text: string;
  /** Images, and files whose content the item has. Such a file counts like an image. */
  images: number;
  /** Tokens of uploaded files that are no images. */
  fileTokens: number;
  parts: JsonObject[];
}

export interface ContentRules {
  role: string;
  acceptsImages: boolean;
  /** Counts the tokens of an uploaded file. Throws OpenAI's 404 for an unknown one. */
  countFile: (id: string) => number;
}

/** Reads the field `name` of an item. Throws a 400 for parts that the role does not have. */
export function readContent(item: JsonObject, name: string, itemPath: string, rules: ContentRules): ItemContent {
  const path = `${itemPath}.${name}`;
  const content = item[name] ?? undefined;
  if (content === undefined) throw missingParameter(path);
  const isOutput = rules.role === "assistant";
  if (typeof content === "string") {
    const part = isOutput
      ? { type: "output_text", text: content, annotations: [], logprobs: [] }
      : { type: "input_text", text: content };
    return { text: content, images: 0, fileTokens: 0, parts: [part] };
  }
  if (!Array.isArray(content)) throw invalidType(path, "one of a string or array of objects", content);
  const parts = readObjects(item, name, path);
  const texts = parts.map((part, index) => readPart(part, `${path}[${index}]`, isOutput, rules.acceptsImages));
  const files = parts.flatMap(({ type, file_id: id }) =>
    HAVE_FILES.has(type) && typeof id === "string" ? [{ type, tokens: rules.countFile(id) }] : [],
  );
  // An uploaded image counts like any other image.
  const documents = files.filter(({ type }) => type === "input_file");
  return {
    text: texts.filter((text) => text !== undefined).join("\n"),
    images: texts.filter((text) => text === undefined).length - documents.length,
    fileTokens: documents.reduce((sum, { tokens }) => sum + tokens, 0),
    parts,
  };
}

function readPart(part: JsonObject, path: string, isOutput: boolean, acceptsImages: boolean): string | undefined {
  const type = readString(part, "type", `${path}.type`);
  const types = isOutput ? OUTPUT_PARTS : INPUT_PARTS;
  if (!types.includes(type)) throw invalidValue(`${path}.type`, type, types);
  if (type === "refusal") return readString(part, "refusal", `${path}.refusal`);
  if (type === "input_text" || type === "output_text") return readString(part, "text", `${path}.text`);
  if (type === "input_file") return undefined;
  if (!acceptsImages) {
    throw invalidRequest("Invalid content type. input_image is only supported by certain models.", `${path}.type`);
  }
  if ((part["file_id"] ?? undefined) === undefined) readImageUrl(part, "image_url", `${path}.image_url`);
  return undefined;
}
