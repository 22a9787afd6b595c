import { rowName, type BackfillProcess, type BackfillStatus } from "../backfill/index.ts";
import type { ParkedRows } from "../phases/index.ts";
import { amount, bar, reasonText, remainingText } from "./backfill-progress.ts";
import { count, slot, type Style } from "./style.ts";

/** Rejected rows that are listed one by one; `--json` has all of them. */
const listed = 20;

/** How far backfills are, for people. */
export function renderBackfills(backfills: readonly BackfillStatus[], style: Style): string {
  if (backfills.length === 0) return "no backfill was ever begun here";
  return backfills.map((one) => renderBackfill(one, style)).join("\n\n");
}

function renderBackfill(status: BackfillStatus, style: Style): string {
  const { colors } = style;
  const { id, table, state, pass, estimate, passed, changed, rowsPerSecond, remaining } = status;
  const paint = { running: colors.cyan, paused: colors.yellow, done: colors.green }[state];
  const again = pass === 1 ? "" : `, pass ${pass} over the table`;
  const lines = [`${colors.bold(id)}  ${table}  ${paint(state)}${again}`];
  if (state === "done") lines.push(`  ${amount(passed)} rows passed, ${amount(changed)} changed`);
  else {
    lines.push(
      `  ${bar(passed, estimate, 24)}  ${amount(passed)} of about ${amount(estimate)} rows passed, ${amount(changed)} changed`,
    );
    if (status.processes.length === 0)
      lines.push(slot(style, "pace", "nobody works on it: lockstep backfill run"));
    else {
      const left = remaining === null ? "" : `, ${remainingText(remaining)}`;
      lines.push(slot(style, "pace", `${amount(rowsPerSecond)} rows/s${left}`));
      lines.push(...status.processes.map((each) => processLine(each, style)));
    }
  }
  lines.push(...rejectedLines(status, style));
  return lines.join("\n");
}

function processLine({ name, workers, verdict, reasons }: BackfillProcess, style: Style): string {
  const how = { go: "at full speed", slow: "goes slower", stop: "stands" }[verdict];
  const why = verdict === "go" ? "" : `: ${reasonText(reasons)}`;
  const many = workers === 1 ? "" : ` (up to ${workers} workers)`;
  return slot(style, "by", `${name}${many} ${how}${why}`);
}

function rejectedLines({ id, rejected }: BackfillStatus, style: Style): readonly string[] {
  if (rejected.length === 0) return [];
  const shown = rejected.slice(0, listed).map(({ key, sqlstate, message }) => {
    return `${rowName(key)}: ${message} (${sqlstate})`;
  });
  if (rejected.length > listed) shown.push(`and ${rejected.length - listed} more`);
  return [
    style.colors.red(`  ${count(rejected.length, "row")} cannot be filled; all others go on`),
    slot(style, "rows", shown.join("\n")),
    slot(style, "next", `put them right, then:\nlockstep backfill run ${id} --retry-rejected`),
  ];
}

/** Rows of a table with values that are parked, each of them as a line. */
export interface ParkedReport extends Pick<ParkedRows, "plan" | "table" | "rows"> {
  readonly lines: readonly string[];
}

/** Values that have no form for the new release, by table. */
export function renderParked(parked: readonly ParkedReport[], style: Style): readonly string[] {
  return parked.map((one) =>
    [
      `${style.colors.bold(one.plan)}  ${one.table}  ${style.colors.yellow(`${count(one.rows, "row")} parked`)}`,
      slot(style, "rows", one.lines.join("\n")),
      slot(
        style,
        "next",
        "put the values right in the old form, or give the new one a value; the contract phase waits for it",
      ),
    ].join("\n"),
  );
}
