import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { senders } from "../../src/tools/senders.ts";

it("docs/check.md shows how each tool sends files", () => {
  const page = readFileSync("docs/check.md", "utf8");
  const rows = page
    .split("\n")
    .map((line) => line.split("|").map((cell) => cell.trim()))
    .filter((cells) => cells.length === 6);
  for (const { tool, sends, mark, beside } of senders) {
    const row = rows.find(([, name]) => name?.toLowerCase() === tool);
    expect(row, tool).toBeDefined();
    if (sends !== undefined) expect(row![3], tool).toBe(`\`${sends}\``);
    const asked = mark ?? beside;
    if (asked === undefined) expect(row![4], tool).toBe("");
    else if (asked.sends !== "units") expect(row![4], tool).toContain(`\`${asked.sends}\`:`);
    if (mark !== undefined) {
      const shown = /`(-[^`]+)`/.exec(row![4]!)?.[1];
      expect(mark.line.test(`${shown}\n`), tool).toBe(true);
    }
  }
});
