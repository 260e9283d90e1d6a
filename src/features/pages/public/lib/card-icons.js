// The icons of the model pages, as inline SVG. They are decoration: the text beside each one says the same.

const SVG = "http://www.w3.org/2000/svg";

/** Name → path in a box of 24 by 24. */
const PATHS = {
  audio: "M4 10v4M8 6v12M12 3v18M16 7v10M20 10v4",
  arrow: "M5 12h14M13 6l6 6-6 6",
  bolt: "M13 2.5 5 13.5h6l-1 8 8-11h-6z",
  bulb: "M9.5 18h5M10.5 21h3M12 3a6 6 0 0 0-3.6 10.8c.7.6 1.1 1.3 1.1 2.2h5c0-.9.4-1.6 1.1-2.2A6 6 0 0 0 12 3z",
  calendar: "M4 6h16v14H4zM4 10.5h16M8.5 3v4M15.5 3v4",
  chat: "M4 5h16v11h-8l-5 4v-4H4z",
  check: "M5 12.5l4.5 4.5L19 7.5",
  code: "M9 7l-5 5 5 5M15 7l5 5-5 5",
  coin: "M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17zM14.8 9c-.5-.9-1.5-1.4-2.8-1.4-1.6 0-2.8.8-2.8 2.1 0 3 5.7 1.3 5.7 4.4 0 1.4-1.3 2.2-2.9 2.2-1.4 0-2.5-.5-3-1.5M12 6v12",
  cross: "M7 7l10 10M17 7L7 17",
  image: "M4 5h16v14H4zM4 16.5l4.5-4.5 4 4 2.5-2.5 5 4.5M15.5 9.5h.01",
  layers: "M12 4 3.5 8.5 12 13l8.5-4.5zM3.5 12.5 12 17l8.5-4.5M3.5 16.5 12 21l8.5-4.5",
  moderation: "M12 3l7.5 3v5.5c0 4.5-3.2 7.9-7.5 9.5-4.3-1.6-7.5-5-7.5-9.5V6zM8.8 12l2.3 2.3 4.2-4.5",
  number: "M9.5 4 7.5 20M16.5 4l-2 16M4.5 9h16M3.5 15h16",
  output: "M4 12h11M10.5 7.5 15 12l-4.5 4.5M20 5v14",
  search: "M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zM15.5 15.5 20.5 20.5",
  text: "M5 7V5h14v2M12 5v14M9.5 19h5",
  video: "M3.5 6.5h11v11h-11zM14.5 10.5l6-3v9l-6-3z",
  window: "M4 5h16v14H4zM4 9.5h16M8 14h8",
};

/** @typedef {keyof typeof PATHS} IconName */

/**
 * @param {IconName} name
 * @param {string} [className]
 * @returns {SVGSVGElement}
 */
export function icon(name, className = "") {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("class", `icon ${className}`.trim());
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}

/** Modality → icon. @type {Record<string, IconName>} */
export const MODALITY_ICONS = { text: "text", image: "image", audio: "audio", video: "video" };

/** Endpoint → icon. @type {Record<string, IconName>} */
export const ENDPOINT_ICONS = {
  chat_completions: "chat",
  responses: "output",
  realtime: "audio",
  assistants: "bulb",
  batch: "layers",
  fine_tuning: "bolt",
  embeddings: "number",
  image_generation: "image",
  videos: "video",
  image_edit: "image",
  speech_generation: "audio",
  transcription: "text",
  translation: "text",
  moderation: "moderation",
  completions: "code",
};
