// Windows of text for the classifier: where they close, and when they are due.

import { describe, expect, it } from "vitest";
import type { WindowSettings } from "../../../../src/features/moderation/windows.ts";
import { createTextWindows } from "../../../../src/features/moderation/windows.ts";

const START = Date.UTC(2026, 10, 23, 12);
const USUAL: WindowSettings = { max_chars: 400, max_ms: 700, overlap_chars: 200 };

/** Windows with that text, which came at the start. */
function windowsWith(text: string, settings: Partial<WindowSettings> = {}) {
  const windows = createTextWindows({ ...USUAL, ...settings });
  windows.add(text, START);
  return windows;
}

describe("a window", () => {
  it.each([
    ["Rivers rise. They", "Rivers rise. "],
    ["Rivers rise! They fall? And", "Rivers rise! They fall? "],
    ['She said "Stop." Then', 'She said "Stop." '],
    ["A list:\n- one", "A list:\n"],
    ["川が増水する。\nそして", "川が増水する。\n"],
    ["Well… then", "Well… "],
    ["川が増水する。そして", "川が増水する。"],
    ["「止まれ！」と彼は", "「止まれ！」"],
    ["真的吗？（是的。）但是", "真的吗？（是的。）"],
  ])("closes at the last end of a sentence: %j", (text, window) => {
    expect(windowsWith(text).next(START)).toBe(window);
  });

  it.each(["It costs 3.50", "See e", "one, two; three: four", "weir.test/a?b=c", "The end."])(
    "does not close within %j",
    (text) => {
      expect(windowsWith(text).next(START + 699)).toBeUndefined();
    },
  );

  it("closes at the most characters, even where a sentence ends before", () => {
    const text = "One. ".repeat(100);
    expect(windowsWith(text).next(START)).toBe(text.slice(0, 400));
    expect(windowsWith("x".repeat(399)).next(START)).toBeUndefined();
    expect(windowsWith("x".repeat(400)).next(START)).toBe("x".repeat(400));
  });

  it("closes when its oldest text has waited long enough, and says when that will be", () => {
    const windows = windowsWith("Rivers");
    windows.add(" rise", START + 500);
    expect(windows.dueAt()).toBe(START + 700);
    expect(windows.next(START + 699)).toBeUndefined();
    expect(windows.next(START + 700)).toBe("Rivers rise");
  });

  it("is due by its own oldest text, however long the one before it was judged", () => {
    const windows = windowsWith("Rivers rise. They");
    windows.next(START);
    windows.add(" fall", START + 300);
    windows.takeVerdict(true);
    expect(windows.dueAt()).toBe(START + 700);
    expect(windows.next(START + 699)).toBeUndefined();
    expect(windows.next(START + 700)).toBe("Rivers rise. They fall");
    windows.add(", too", START + 800);
    windows.takeVerdict(true);
    expect(windows.dueAt()).toBe(START + 800 + 700);
  });

  it("closes with the text, whatever has come", () => {
    const windows = windowsWith("Rivers ri");
    windows.end();
    expect(windows.next(START)).toBe("Rivers ri");
  });

  it("is shown with what was judged before it", () => {
    const windows = windowsWith("Rivers rise. They", { overlap_chars: 6 });
    windows.next(START);
    windows.takeVerdict(true);
    windows.add(" fall. ", START);
    expect(windows.next(START)).toBe("rise. They fall. ");
  });

  it("that ends in the middle of a character is shown without the half of it, which comes whole with the next one", () => {
    const windows = windowsWith("ab🌊cd", { max_chars: 3, overlap_chars: 1 });
    const shown: (string | undefined)[] = [];
    for (let count = 0; count < 2; count++) {
      shown.push(windows.next(START));
      windows.takeVerdict(true);
    }
    expect(shown).toEqual(["ab\ufffd", "🌊cd"]);
    expect(windows.released).toBe("ab🌊cd".length);
  });
});
