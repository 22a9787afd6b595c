import { shellWord } from "../errors/index.ts";
import type {
  Baseline,
  BaselineMigration,
  Remaining,
  WrittenMigration,
} from "../baseline/index.ts";
import { count, slot, wrap, type Style } from "./style.ts";

/** What `lockstep baseline --format json` prints; members may be added, none is taken away. */
export interface BaselineReport extends Omit<Baseline, "remains"> {
  readonly version: 1;
  readonly environment: string;
  readonly folder: { readonly tool: string; readonly path: string };
  readonly remains: readonly Omit<Remaining, "differences">[];
  /** SQL that brings the database to what the migrations say; undefined when nothing remains different. */
  readonly reconcile: string | undefined;
  /** Where it was written. */
  readonly reconcileFile: string | undefined;
  /** The same as the next migration of the folder, where it was asked for. */
  readonly migration:
    | {
        /** Undefined when there was nothing to write. */
        readonly written: WrittenMigration | undefined;
        /** What remains different behind it, in sentences. */
        readonly leaves: readonly string[];
        /** Why it could not be tried on a copy of the database's schema; undefined when it was. */
        readonly untried: string | undefined;
      }
    | undefined;
  /** What was marked; undefined for a look. */
  readonly marked: { readonly run: string; readonly marked: readonly string[] } | undefined;
}

/** Names that are listed; more are counted. */
const shownNames = 8;

/** Which migrations the database has, what remains different, and what to do. */
export function renderBaseline(report: BaselineReport, style: Style): string {
  const { colors } = style;
  const { prefix, migrations, environment, remains, reconcile, reconcileFile } = report;
  const where = environment === "default" ? "the database" : environment;
  const last = migrations[prefix.length - 1];
  const head =
    last === undefined
      ? `${where} satisfies no migration of ${report.folder.path}`
      : `${where} satisfies ${prefix.length} of ${count(migrations.length, "migration")}, up to ${last.id}`;
  const lines = [colors.bold(head)];
  const add = (label: string, text: string) => lines.push(slot(style, label, text, labelWidth));
  add("differs", differs(report));
  const of = (state: BaselineMigration["state"]) => migrations.filter((one) => one.state === state);
  const toRun = [...of("unseen"), ...of("ahead"), ...of("pending")];
  const recorded = of("recorded");
  if (recorded.length > 0) add("recorded", `${recorded.length} are in the ledger already`);
  const toMark = [...of("mark"), ...of("assumed")];
  if (toMark.length > 0)
    add(report.marked === undefined ? "to mark" : "marked", `${names(toMark)}${proofs(toMark)}`);
  if (of("unseen").length > 0)
    add(
      "not seen",
      `${names(of("unseen"))}: no catalog shows whether ${of("unseen").length === 1 ? "it was" : "they were"} run, and whether rows were changed: only you can know. --assume NAME`,
    );
  if (of("ahead").length > 0)
    add(
      "ahead",
      `${names(of("ahead"))}: all of it is there, although one before it is not: --assume NAME, if it was run`,
    );
  if (of("pending").length > 0) add("pending", names(of("pending")));
  if (remains.length > 0) {
    lines.push(
      "",
      colors.bold(
        `${count(remains.length, "object")} remain${remains.length === 1 ? "s" : ""} different`,
      ),
    );
    for (const row of remains) lines.push(...remainingLines(row, style));
  }
  if (report.migration !== undefined)
    lines.push("", ...migrationLines(report.migration, toRun, style));
  if (reconcile !== undefined && (report.migration === undefined || reconcileFile !== undefined)) {
    lines.push("");
    if (reconcileFile !== undefined)
      add("written", `${reconcileFile}, for review: nothing of it was run`);
    else {
      lines.push(colors.bold("SQL that would reconcile them, for review"));
      lines.push(
        ...reconcile
          .trimEnd()
          .split("\n")
          .map((line) =>
            `  ${line.startsWith("--") ? colors.dim(line) : colors.cyan(line)}`.trimEnd(),
          ),
      );
    }
  }
  lines.push(
    "",
    ...closing(report, toMark.length, toRun).map((text) => slot(style, "next", text, labelWidth)),
  );
  return lines.join("\n");
}

function migrationLines(
  { written, leaves, untried }: NonNullable<BaselineReport["migration"]>,
  pending: readonly BaselineMigration[],
  style: Style,
): readonly string[] {
  const add = (label: string, text: string) => slot(style, label, text, labelWidth);
  const tried =
    untried === undefined
      ? "on scratch: on a copy of this database's schema, and where all migrations were run, which it leaves as it is"
      : `on scratch, where all migrations were run, which it leaves as it is; not on a copy of this database's schema (${untried})`;
  return [
    ...(written === undefined
      ? [
          add(
            "written",
            `no migration: ${pending.length === 0 ? "" : `behind what is run still (${names(pending)}) `}there is no statement for it that loses nothing`,
          ),
        ]
      : [
          add("written", `${written.files.join("\n")}\nfor review: nothing of it was run`),
          add("tried", tried),
          ...written.remarks.map((text) => add("but", text)),
        ]),
    ...leaves.map((text) => add("leaves", text)),
  ];
}

const labelWidth = 9;

function differs({ prefix, migrations }: BaselineReport): string {
  const own = prefix.distance === 0 ? "in nothing" : `in ${count(prefix.distance, "object")}`;
  if (prefix.next === undefined) return own;
  const { length, distance } = prefix.next;
  const other = length === 0 ? "an empty database" : `up to ${migrations[length - 1]!.id}`;
  return `${own}; the next best, ${other}, in ${distance}`;
}

function names(list: readonly BaselineMigration[]): string {
  if (list.length <= shownNames) return list.map(({ id }) => id).join(", ");
  return `${list.length}: ${list[0]!.id} … ${list.at(-1)!.id}`;
}

function proofs(list: readonly BaselineMigration[]): string {
  const amount = (proof: BaselineMigration["proof"]) =>
    list.filter((one) => one.proof === proof).length;
  const parts = [
    [amount("proven"), "proven by what is there"],
    [amount("superseded"), "changed again by later ones"],
    [amount("by-order"), "without trace in a catalog, before one that is proven"],
    [amount("differs"), "with something changed since, see below"],
  ] as const;
  const told = parts.filter(([number]) => number > 0).map(([number, text]) => `${number} ${text}`);
  const assumed = list.filter(({ state }) => state === "assumed").length;
  if (assumed > 0) told.push(`${assumed} on your word`);
  return told.length === 0 ? "" : `\n${told.join("; ")}`;
}

function remainingLines(row: BaselineReport["remains"][number], style: Style): readonly string[] {
  const { colors, width } = style;
  const mark = { dropped: "-", added: "+", changed: "~", renamed: ">" }[row.done];
  const lines = wrap(row.sentence, width - 4).map(
    (line, at) => `  ${at === 0 ? colors.yellow(mark) : " "} ${line}`,
  );
  if (row.done !== "changed") return lines;
  return [
    ...lines,
    ...side("migrations", row.migrations ?? "nothing", style),
    ...side("database", row.database ?? "nothing", style),
  ];
}

function side(name: string, text: string, { colors, width }: Style): readonly string[] {
  return wrap(text, width - 18).map(
    (line, at) => `    ${colors.dim((at === 0 ? name : "").padEnd(12))}${line}`,
  );
}

function closing(
  { marked, remains, reconcileFile, migration }: BaselineReport,
  toMark: number,
  toRun: readonly BaselineMigration[],
): readonly string[] {
  const steps: string[] = [];
  if (marked !== undefined) steps.push(`lockstep status`);
  else if (toMark > 0)
    steps.push("lockstep baseline --apply marks them in the ledger; it runs nothing of them");
  if (migration?.written !== undefined)
    steps.push(
      `read it; lockstep check ${shellWord(migration.written.files[0]!)} tells what it would do to a running system, lockstep migrate applies it`,
    );
  else if (migration !== undefined && toRun.length > 0)
    steps.push(`lockstep migrate runs what is pending: ${names(toRun)}`);
  else if (remains.length > 0 && reconcileFile === undefined && migration === undefined)
    steps.push(
      "lockstep baseline --write-migration writes that SQL as the next migration of the folder, --write-reconcile FILE into a file",
    );
  if (steps.length === 0) steps.push("nothing to do");
  return steps;
}
