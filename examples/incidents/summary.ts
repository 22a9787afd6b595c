/** The table at the end: what the naive pipeline did, what Lockstep did. */
import { rewrap } from "./rewrap.ts";

/** Rows of three cells as lines of at most `width`; cells break at spaces. `paint` colours a padded part. */
export function drawTable(
  rows: readonly (readonly [string, string, string])[],
  width: number,
  paint: (part: string, row: number, column: number) => string,
): readonly string[] {
  const room = width - 2 - 2 * GAP.length;
  const first = Math.floor(room * 0.28);
  const second = Math.floor(room * 0.34);
  const widths = [first, second, room - first - second];
  return rows.flatMap((row, number) => {
    const cells = row.map((cell, column) => rewrap(cell, widths[column] ?? room));
    const height = Math.max(...cells.map((cell) => cell.length));
    const lines = Array.from({ length: height }, (_, index) => {
      const parts = cells.map((cell, column) =>
        paint((cell[index] ?? "").padEnd(widths[column] ?? 0), number, column),
      );
      return `  ${parts.join(GAP)}`.trimEnd();
    });
    return number === 0
      ? [...lines, `  ${widths.map((each) => "─".repeat(each)).join(GAP)}`]
      : lines;
  });
}

const GAP = "  ";
