// The field for the user's message, with its pictures from a file, a drop or a paste.

import { byId, element, fill } from "./dom.js";
import { imagesOf, readImage } from "./playground-image.js";
import { choice } from "./playground-settings.js";

/** All pictures of a message together, in characters of their data URLs. A request has at most 4 MB. */
const MAX_IMAGE_LENGTH = 3_500_000;

/** @type {string[]} */
let images = [];

const input = () => /** @type {HTMLTextAreaElement} */ (byId("input"));

/**
 * @param {{ send: () => void, changed: () => void, say: (text: string) => void }} handlers
 */
export function startComposer({ send, changed, say }) {
  const form = byId("composer");
  const file = /** @type {HTMLInputElement} */ (byId("file"));
  const add = (/** @type {File[]} */ files) => void addImages(files, changed, say);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send();
  });
  input().addEventListener("keydown", (event) => {
    // While a word is composed, for example in Japanese, Enter ends the composition.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    send();
  });
  input().addEventListener("input", changed);
  byId("attach").addEventListener("click", () => file.click());
  file.addEventListener("change", () => {
    add([...(file.files ?? [])]);
    file.value = "";
  });
  input().addEventListener("paste", (event) => {
    const pasted = imagesOf(event.clipboardData);
    if (pasted.length === 0) return;
    event.preventDefault();
    add(pasted);
  });
  const chat = form.parentElement ?? form;
  chat.addEventListener("dragover", (event) => {
    event.preventDefault();
    chat.classList.add("dropping");
  });
  for (const end of ["dragleave", "drop"]) chat.addEventListener(end, () => chat.classList.remove("dropping"));
  chat.addEventListener("drop", (event) => {
    event.preventDefault();
    add(imagesOf(event.dataTransfer));
  });
}

/** The message as it is now. */
export const draft = () => ({ text: input().value.trim(), images: choice()?.takesImages === false ? [] : images });

/**
 * Writes a message into the field.
 * @param {string} text
 * @param {string[]} [pictures]
 */
export function setDraft(text, pictures = []) {
  input().value = text;
  images = pictures;
  showImages(() => undefined);
}

/**
 * @param {File[]} files
 * @param {() => void} changed
 * @param {(text: string) => void} say
 */
async function addImages(files, changed, say) {
  if (files.length > 0 && choice()?.takesImages === false) return say("This model does not read pictures.");
  for (const file of files) {
    try {
      const image = await readImage(file);
      if ([...images, image].join("").length > MAX_IMAGE_LENGTH) return say("These pictures are too large together.");
      images = [...images, image];
      showImages(changed);
      changed();
      say("The picture is added.");
    } catch (error) {
      say(error instanceof Error ? error.message : String(error));
    }
  }
}

/** @param {() => void} changed */
export function showImages(changed) {
  const place = byId("images");
  place.hidden = images.length === 0;
  const pictures = images.map((url, at) => {
    const remove = () => {
      images = images.filter((_, other) => other !== at);
      showImages(changed);
      changed();
      input().focus();
    };
    const label = `Remove picture ${at + 1}`;
    return element(
      "div",
      { class: "thumbnail" },
      element("img", { src: url, alt: `Picture ${at + 1}` }),
      element("button", { type: "button", "aria-label": label, click: remove }, "×"),
    );
  });
  fill(place, ...pictures);
}
