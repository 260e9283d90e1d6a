// The code of a request to POST /chat, in the languages of apps. Pure: runs in a browser and in Node.js.

import { curlSample } from "./code-curl.js";
import { dartSample } from "./code-dart.js";
import { kotlinSample } from "./code-kotlin.js";
import { Variable } from "./code-literals.js";
import { swiftSample } from "./code-swift.js";
import { typescriptSample } from "./code-typescript.js";

/**
 * @typedef {{ origin: string, body: object }} SampleRequest
 * @typedef {{ name: string, file: string }} SampleImage
 * @typedef {{ url: string, body: unknown, images: SampleImage[] }} Sample
 * @typedef {{ id: string, title: string, note: string, image: string, write: (sample: Sample) => string }} Language
 */

/** `image` is the name of the variable with a picture. @type {Language[]} */
export const LANGUAGES = [
  {
    id: "curl",
    title: "curl",
    note: "Set TOKEN to the token of a user. A refusal ends with exit code 22.",
    image: "IMAGE",
    write: curlSample,
  },
  {
    id: "swift",
    title: "Swift",
    note: "URLSession, for iOS 15 or newer. Call printAnswer(token:) with the token of a user.",
    image: "imageURL",
    write: swiftSample,
  },
  {
    id: "kotlin",
    title: "Kotlin",
    note: "HttpURLConnection and a Flow, for Android 8 or newer. Call printAnswer with the token of a user.",
    image: "imageUrl",
    write: kotlinSample,
  },
  {
    id: "dart",
    title: "Dart",
    note: "Package http, for Flutter and Dart 3. The environment variable TOKEN has the token of a user.",
    image: "imageUrl",
    write: dartSample,
  },
  {
    id: "typescript",
    title: "TypeScript",
    note: "Save it as chat.ts and run node chat.ts. The environment variable TOKEN has the token of a user.",
    image: "imageUrl",
    write: typescriptSample,
  },
];

/**
 * Returns the code of a request. Pictures are read from files, and the token comes from the app.
 * @param {string} language its id
 * @param {SampleRequest} request `body` is that of POST /chat
 */
export function codeOf(language, { origin, body }) {
  const found = LANGUAGES.find(({ id }) => id === language);
  if (!found) throw new Error(`there is no sample in '${language}'`);
  /** @type {SampleImage[]} */
  const images = [];
  const withoutImages = replaceImages(body, () => {
    const number = images.length === 0 ? "" : String(images.length + 1);
    images.push({ name: found.image + number, file: `photo${number}.jpg` });
    return new Variable(found.image + number);
  });
  return found.write({ url: `${origin}/chat`, body: withoutImages, images });
}

/**
 * Replaces the URLs of pictures.
 * @param {unknown} value
 * @param {() => Variable} next
 * @returns {unknown}
 */
function replaceImages(value, next) {
  if (Array.isArray(value)) return value.map((item) => replaceImages(item, next));
  if (typeof value !== "object" || value === null) return value;
  if ("type" in value && value.type === "image") return { type: "image", url: next() };
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, replaceImages(item, next)]));
}
