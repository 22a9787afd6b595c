import { quoteNames } from "../errors/index.ts";
import { createColors } from "picocolors";

/** How text is drawn: colours on or off, and the width to fill. */
export interface Style {
  readonly colors: ReturnType<typeof createColors>;
  /** Columns of the terminal; 80 when unknown, 120 at the most, since longer lines are hard to read. */
  readonly width: number;
  /** Names that are known by now and that a line which says what to run may hold: they are quoted there for the shell. */
  readonly names?: Iterable<string> | undefined;
}

export function styleFor(output: {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly names?: Iterable<string> | undefined;
}): Style {
  const wanted =
    (output.isTTY === true || output.env["FORCE_COLOR"] !== undefined) &&
    output.env["NO_COLOR"] === undefined &&
    output.env["TERM"] !== "dumb";
  return {
    colors: createColors(wanted),
    width: Math.min(Math.max(output.columns ?? 80, 60), 120),
    names: output.names,
  };
}

/**
 * A label in a fixed column and its text beside it, wrapped; line breaks in the text are kept, and commands whole. In what stands
 * beside `next` known names are quoted for the shell.
 */
export function slot(style: Style, label: string, text: string, labelWidth = 8): string {
  const indent = " ".repeat(2 + labelWidth + 2);
  const quoted = label === "next" ? quoteNames(text, style.names ?? []) : text;
  const lines = quoted
    .split("\n")
    .flatMap((line) => (isCommand(line) ? [line] : wrap(line, style.width - indent.length)));
  const [first = "", ...rest] = lines;
  const head = `  ${style.colors.dim(label.padEnd(labelWidth))}  ${first}`;
  return [head, ...rest.map((line) => indent + line)].join("\n");
}

/** True for a line that is to be copied into a shell or psql; one with a word of advice in it is not. */
function isCommand(line: string): boolean {
  return /^(?:lockstep|npx|npm|git|psql|export) [^,;:]+$/.test(line) || isStatement.test(line);
}

/**
 * A statement from its first words to the name it is about, and what follows that. A sentence that begins with an SQL
 * word (`UPDATE of all rows`, `DROP COLUMN loses`) goes on in small letters.
 */
const isStatement = new RegExp(
  [
    String.raw`^(?:ALTER|CREATE|DROP|COMMENT ON|REINDEX|LOCK) (?:[A-Z]+ )+(?:"[^"]*"|[\w.$])+(?:$|;| [A-Z('"])`,
    "^(?:INSERT INTO|DELETE FROM) ",
    String.raw`^UPDATE \S+ (?:AS \S+ )?SET `,
    "^SELECT .+ FROM ",
    "^(?:GRANT|REVOKE) .+ (?:TO|FROM) ",
  ].join("|"),
  "s",
);

/** Breaks a line at spaces; a word longer than the width stays whole, so that paths can be copied. */
export function wrap(line: string, width: number): readonly string[] {
  const lines: string[] = [];
  let current = "";
  for (const word of line.split(" ")) {
    if (current !== "" && current.length + 1 + word.length > width) {
      lines.push(current);
      current = word;
    } else current = current === "" ? word : `${current} ${word}`;
  }
  return [...lines, current];
}

/** Rows as aligned columns. Cells hold plain text; `paint` colours a cell after it was measured. */
export function table(
  rows: readonly (readonly string[])[],
  paint: (cell: string, row: number, column: number) => string = (cell) => cell,
): string {
  const widths: number[] = [];
  for (const row of rows)
    row.forEach((cell, column) => {
      widths[column] = Math.max(widths[column] ?? 0, cell.length);
    });
  return rows
    .map((row, index) =>
      row
        .map((cell, column) => {
          const padding = " ".repeat(column === row.length - 1 ? 0 : widths[column]! - cell.length);
          return paint(cell, index, column) + padding;
        })
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/** 850 → "850 ms", 12_400 → "12.4 s", 200_000 → "3 min 20 s". */
export function duration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`;
  return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1_000)} s`;
}

/** "1 migration", "3 migrations". */
export function count(amount: number, noun: string): string {
  return `${amount} ${noun}${amount === 1 ? "" : "s"}`;
}

/** To the minute, in UTC: `2026-11-21 10:02 UTC`. */
export function moment(date: Date): string {
  return `${date.toISOString().slice(0, 16).replace("T", " ")} UTC`;
}
