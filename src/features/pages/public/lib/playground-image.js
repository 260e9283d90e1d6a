// Reads a picture from a file. A large one is made smaller, so that it fits into a request.

/** The longest side of a picture that is sent, in pixels. Models see no more detail than about this. */
const LONGEST_SIDE = 1536;

/** Pictures of at most this many bytes are sent as they are, if their sides are short enough. */
const SMALL_BYTES = 400_000;

/** Formats that models read. Others are converted. */
const FORMATS = new Set(["image/jpeg", "image/png", "image/webp"]);

/**
 * Returns a picture as a data URL. Throws when the browser cannot read it.
 * @param {File} file
 * @returns {Promise<string>}
 */
export async function readImage(file) {
  const picture = await createImageBitmap(file).catch(() => {
    throw new Error(`The browser cannot read "${file.name}" as a picture. Use a JPEG, PNG or WebP file.`);
  });
  const scale = Math.min(1, LONGEST_SIDE / Math.max(picture.width, picture.height));
  if (scale === 1 && file.size <= SMALL_BYTES && FORMATS.has(file.type)) return toDataUrl(file);
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(picture.width * scale));
  canvas.height = Math.max(1, Math.round(picture.height * scale));
  const context = canvas.getContext("2d");
  if (!context) throw new Error("The browser cannot draw pictures.");
  // JPEG has no transparency.
  context.fillStyle = "#fff";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(picture, 0, 0, canvas.width, canvas.height);
  picture.close();
  return canvas.toDataURL("image/jpeg", 0.85);
}

/**
 * Returns the pictures of a drop or a paste.
 * @param {DataTransfer | null} transfer
 */
export const imagesOf = (transfer) => [...(transfer?.files ?? [])].filter(({ type }) => type.startsWith("image/"));

/**
 * @param {File} file
 * @returns {Promise<string>}
 */
function toDataUrl(file) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.addEventListener("load", () => resolve(typeof reader.result === "string" ? reader.result : ""));
    reader.addEventListener("error", () => reject(new Error(`"${file.name}" could not be read.`)));
    reader.readAsDataURL(file);
  });
}
