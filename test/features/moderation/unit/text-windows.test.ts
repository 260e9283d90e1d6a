// Text windows: where they close, and when they are ready.

import { describe, expect, it } from "vitest";
import type { WindowSettings } from "../../../../src/features/moderation/text-windows.ts";
import { createTextWindows } from "../../../../src/features/moderation/text-windows.ts";

const START = Date.UTC(2026, 10, 23, 12);
const SETTINGS: WindowSettings = { min_chars: 1, max_chars: 400, max_ms: 700, overlap_chars: 200 };

/** Windows with a text that arrived at the start. */
function windowsWith(text: string, settings: Partial<WindowSettings> = {}) {
  const windows = createTextWindows({ ...SETTINGS, ...settings });
  windows.add(text, START);
  return windows;
}

describe("a text window", () => {
  it.each([
    ["Rivers rise. They", "Rivers rise. "],
    ["Rivers rise! They fall? And", "Rivers rise! They fall? "],
    ['She said "Stop." Then', 'She said "Stop." '],
    ["A list:\n- one", "A list:\n"],
    ["Well… then", "Well… "],
    ["川が増水する。そして", "川が増水する。"],
    ["「止まれ！」と彼は", "「止まれ！」"],
    ["真的吗？（是的。）但是", "真的吗？（是的。）"],
  ])("closes at the last sentence end: %j", (text, window) => {
    expect(windowsWith(text).next(START)).toBe(window);
  });

  it.each(["It costs 3.50", "See e", "one, two; three: four", "weir.test/a?b=c", "The end."])(
    "stays open inside %j, until the text is complete",
    (text) => {
      const windows = windowsWith(text);
      expect(windows.next(START + 699)).toBeUndefined();
      windows.end();
      expect(windows.next(START)).toBe(text);
    },
  );

  it("closes at the length limit, also after a sentence end", () => {
    const text = "One. ".repeat(100);
    expect(windowsWith(text).next(START)).toBe(text.slice(0, 400));
    expect(windowsWith("x".repeat(399)).next(START)).toBeUndefined();
    expect(windowsWith("x".repeat(400)).next(START)).toBe("x".repeat(400));
  });

  it.each([
    [14, undefined],
    [13, "Rivers rise. "],
  ])("closes at a sentence end when it has %i characters", (min_chars, window) => {
    expect(windowsWith("Rivers rise. They fall", { min_chars }).next(START)).toBe(window);
    expect(windowsWith("Rivers rise. They fall", { min_chars }).next(START + 700)).toBe("Rivers rise. They fall");
  });

  it("closes when its oldest text has waited for `max_ms`, also after moderation of the window before", () => {
    const windows = windowsWith("Rivers rise. They");
    windows.next(START);
    expect(windows.dueAt()).toBe(Infinity);
    windows.add(" fall", START + 300);
    windows.takeVerdict(true);
    expect(windows.dueAt()).toBe(START + 700);
    expect(windows.next(START + 699)).toBeUndefined();
    expect(windows.next(START + 700)).toBe("Rivers rise. They fall");
  });
});
