import type { Agreement, AgreementRow, Said } from "../agreement/index.ts";
import { count, slot, wrap, type Style } from "./style.ts";

/**
 * Code, migrations and database as one table: what differs for one reason stands together, a row for each object with what
 * each side says, then the reason and what to do.
 */
export function renderAgreement(agreement: Agreement, style: Style): string {
  const { colors } = style;
  const { rows, ledger, sides, databaseUnknown } = agreement;
  const names = [sides.code, sides.migrations, sides.database].filter((one) => one !== undefined);
  const title = colors.bold(names.join(" ↔ "));
  const unknown =
    databaseUnknown === undefined
      ? []
      : [colors.dim(`  the database was not compared: ${databaseUnknown}`)];
  if (rows.length === 0 && ledger.length === 0)
    return [
      `${title}  ${colors.green("agree")}`,
      ...unknown,
      ...leftOutLines(agreement, style),
    ].join("\n");
  const amount =
    rows.length === 0
      ? ""
      : `${count(rows.length, "object")} differ${rows.length === 1 ? "s" : ""}`;
  const groups = groupRows(rows);
  return [
    `${title}  ${colors.yellow(amount)}`,
    ...unknown,
    ...groups.flatMap((group) => ["", ...renderGroup(group, agreement, style)]),
    ...ledger.flatMap((remark) => [
      "",
      ...wrap(remark.sentence, style.width - 2).map(
        (line) => `  ${paint(remark.severity, style)(line)}`,
      ),
      slot(style, "next", remark.next.join("\n"), 4),
    ]),
    ...leftOutLines(agreement, style),
  ].join("\n");
}

function groupRows(rows: readonly AgreementRow[]): readonly (readonly AgreementRow[])[] {
  const groups = new Map<string, AgreementRow[]>();
  for (const row of rows) {
    const key = row.disagreements.map(({ together }) => together).join("\n");
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  return [...groups.values()];
}

/** Rows of a group that a terminal shows; the rest is counted. */
const shownRows = 60;

function renderGroup(
  group: readonly AgreementRow[],
  agreement: Agreement,
  style: Style,
): readonly string[] {
  const { colors } = style;
  const [first] = group as [AgreementRow];
  const mark = paint(first.severity, style);
  const reasons = first.disagreements.map(({ sentence, together }) =>
    group.length === 1 ? sentence : together,
  );
  const left = group.length - shownRows;
  const next = [...new Set(group.flatMap((row) => row.disagreements.flatMap((one) => one.next)))];
  return [
    ...reasons.flatMap((text, at) =>
      wrap(text, style.width - 4).map(
        (line, number) => `${number + at === 0 ? mark("● ") : "  "}${colors.bold(line)}`,
      ),
    ),
    ...tableOf(group.slice(0, shownRows), agreement, style),
    ...(left > 0 ? [colors.dim(`  … and ${left} more: --format json has them all`)] : []),
    slot(style, "next", next.join("\n"), 4),
  ];
}

function paint(severity: AgreementRow["severity"], { colors }: Style): (text: string) => string {
  return severity === "error" ? colors.red : severity === "warning" ? colors.yellow : colors.cyan;
}

/** Between two columns. */
const gap = "  ";

function tableOf(
  rows: readonly AgreementRow[],
  { sides }: Agreement,
  style: Style,
): readonly string[] {
  const { colors, width } = style;
  const columns = (["code", "migrations", "database"] as const).filter(
    (side) => sides[side] !== undefined,
  );
  const room = width - 2 - gap.length * columns.length;
  const name = Math.floor(room * (columns.length === 3 ? 0.37 : 0.45));
  const cell = Math.floor((room - name) / columns.length);
  const widths = [name, ...columns.map(() => cell)];
  const draw = (
    cells: readonly (readonly string[])[],
    paints: readonly ((text: string) => string)[],
  ) => {
    const height = Math.max(...cells.map((lines) => lines.length));
    return Array.from({ length: height }, (_, at) =>
      `  ${cells
        .map((lines, column) => paints[column]!((lines[at] ?? "").padEnd(widths[column]!)))
        .join(gap)}`.trimEnd(),
    );
  };
  const plain = (text: string) => text;
  const whats = new Set(rows.map(({ what }) => what));
  const [only] = whats.size === 1 ? whats : [];
  const head = draw(
    [[only ?? "object"], ...columns.map((side) => [side])],
    widths.map(() => colors.dim),
  );
  return [
    ...head,
    ...rows.flatMap((row) => {
      const isPresence = columns.some((side) => row[side] === null);
      const isLike = row.database !== undefined && row.database?.text === row.migrations?.text;
      const cells = columns.map((side) =>
        side === "database" && isLike ? ["= migrations"] : cellOf(row[side], isPresence, cell),
      );
      const paints = columns.map((side) =>
        row[side] === undefined || (side === "database" && isLike) ? colors.dim : plain,
      );
      const own = cut(only === undefined ? `${row.what} ${nameOf(row)}` : nameOf(row), name, 3);
      return draw([own, ...cells], [paint(row.severity, style), ...paints]);
    }),
  ];
}

/** The name as it is found in the files; of a constraint without its table, which most names begin with. */
function nameOf({ object, what }: AgreementRow): string {
  const short = shortName(object);
  return / key$|^unique constraint$|^CHECK$/.test(what)
    ? short.slice(short.lastIndexOf(".") + 1)
    : short;
}

/** Lines of a cell in which both sides have something to say; where one has nothing, one line is enough. */
const cellLines = 4;

function cellOf(
  said: Said | null | undefined,
  isPresence: boolean,
  width: number,
): readonly string[] {
  if (said === undefined) return ["·"];
  if (said === null) return ["–"];
  return isPresence
    ? cut(`✓ ${shortName(said.brief)}`, width, 1)
    : cut(shortName(said.text), width, cellLines);
}

/** Names as a person writes them: without `public` and the quotes that capital letters need. */
function shortName(text: string): string {
  return text.replaceAll(/\bpublic\./g, "").replaceAll(/"(\w+)"/g, "$1");
}

/** Breaks text at spaces, dots and underscores into lines of a width; what does not fit ends in `…`. */
function cut(text: string, width: number, most: number): readonly string[] {
  const lines: string[] = [];
  let rest = text;
  while (rest.length > width && lines.length < most - 1) {
    const at = breakBefore(rest, width);
    lines.push(rest.slice(0, at).trimEnd());
    rest = rest.slice(at).trimStart();
  }
  return [...lines, rest.length > width ? `${rest.slice(0, width - 1)}…` : rest];
}

function breakBefore(text: string, width: number): number {
  for (let at = width; at > width / 2; at--)
    if (text[at] === " " || /[ ._,]/.test(text[at - 1]!)) return at;
  return width;
}

function leftOutLines({ leftOut, sides }: Agreement, style: Style): readonly string[] {
  if (leftOut.length === 0) return [];
  const what = leftOut.map(({ what: each, count: amount }) => `${each} (${amount})`).join(", ");
  const text = `${sides.code} has no words for: ${what}. Migrations and database are compared in these too.`;
  return ["", ...wrap(text, style.width - 2).map((line) => `  ${style.colors.dim(line)}`)];
}
