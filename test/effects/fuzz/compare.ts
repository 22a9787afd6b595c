import type { AlterTableCmd } from "@pgsql/types";
import { lockModes, type Effect, type Work } from "../../../src/effects/index.ts";
import { findRelation, type World } from "../../../src/effects/world/index.ts";
import { rangeName } from "../../../src/effects/world/nodes.ts";
import type { Statement } from "../../../src/sql/index.ts";

/** What became of a statement on a server. */
export interface Seen {
  /** Undefined when it failed. */
  readonly effect: Effect | undefined;
  readonly failure: { readonly sqlState: string; readonly message: string } | undefined;
}

/** Kinds of statements of which the rows that are there decide what else is locked, of all that is predicted. */
const rowsDecide: ReadonlySet<string> = new Set([
  "CallStmt",
  "DeleteStmt",
  "DoStmt",
  "InsertStmt",
  "MergeStmt",
  "SelectStmt",
  "UpdateStmt",
]);

/** How a prediction and what was seen differ, one short sentence each; none when they agree. */
export function differences(
  { kind, node }: Statement,
  predicted: Effect,
  seen: Seen,
): readonly string[] {
  if (predicted.unknown.length > 0) return [];
  if (seen.effect === undefined) return failureDifferences(kind, predicted, seen);
  const certain = predicted.failures.filter(({ when }) => when === "always");
  if (certain.length > 0)
    return [
      `predicted to fail ${certain.map(({ sqlState, message }) => `${sqlState} ${message}`).join(", ")}`,
    ];
  const isPart = rowsDecide.has(kind);
  return [
    ...lockDifferences(
      modesOf(exceptLookedInto(node, predicted, seen.effect)),
      modesOf(seen.effect),
      isPart || isUnseen(node) || seen.effect.unknown.length > 0 || kind === "CreateTableAsStmt",
    ),
    ...workDifferences(
      exceptPlanned(node, predicted.work),
      exceptPlanned(node, seen.effect.work),
      isUnseen(node) || seen.effect.unknown.length > 0 ? "DoStmt" : kind,
    ),
  ];
}

/**
 * True when rows are found fault with that a statement before has put into a table of the run itself: whether rows of such a
 * table fit is not predicted.
 */
export function isAboutOwnRows(
  { node }: Statement,
  { failure }: Seen,
  world: World,
  existing: ReadonlySet<number>,
): boolean {
  if (failure === undefined || !/^2[23]/.test(failure.sqlState)) return false;
  if (!("AlterTableStmt" in node)) return false;
  const table = findRelation(world, rangeName(node.AlterTableStmt.relation));
  return table !== undefined && !existing.has(table.id);
}

function subcommands(node: Statement["node"]): readonly AlterTableCmd[] {
  const commands = "AlterTableStmt" in node ? (node.AlterTableStmt.cmds ?? []) : [];
  return commands.flatMap((each) => ("AlterTableCmd" in each ? [each.AlterTableCmd] : []));
}

/** DETACH looks for references to the partition with a join, which reads the one side or the other. */
function exceptPlanned(node: Statement["node"], work: readonly Work[]): readonly Work[] {
  const detaches = subcommands(node).some(({ subtype }) => subtype === "AT_DetachPartition");
  return detaches ? work.filter(({ kind }) => kind !== "scan") : work;
}

/**
 * True when a partition's parents are opened to make its constraint, which a session does that has not the constraint in its
 * cache (partcache.c, generate_partition_qual): to be tried by one that has seen nothing yet.
 */
export function needsNewSession({ locks }: Effect): boolean {
  return locks.some(({ role, mode }) => role === "partition-parent" && mode === "AccessShare");
}

/** The transaction in which VACUUM (ANALYZE) looks at children writes nothing to pg_class: an observer does not see its locks. */
function isUnseen(node: Statement["node"]): boolean {
  if (!("VacuumStmt" in node) || node.VacuumStmt.is_vacuumcmd !== true) return false;
  const options = node.VacuumStmt.options ?? [];
  return options.some((each) => "DefElem" in each && each.DefElem.defname === "analyze");
}

/**
 * The transaction that looks for references to a partition, and marks it detached, may write to no catalog that an observer
 * holds after it: then the indexes that were looked into do not show.
 */
function exceptLookedInto(
  node: Statement["node"],
  predicted: Effect,
  { locks: seen }: Effect,
): Effect {
  const detaches = subcommands(node).some(
    ({ def }) => def !== undefined && "PartitionCmd" in def && def.PartitionCmd.concurrent === true,
  );
  if (!detaches) return predicted;
  const known = new Set(seen.map(({ relation }) => relation));
  const shows = ({ relation, role, mode }: Effect["locks"][number]) =>
    known.has(relation) || role !== "index" || mode !== "AccessShare";
  return { ...predicted, locks: predicted.locks.filter(shows) };
}

/** Whether rows that a query makes fit types, CHECKs, keys and partitions is left to the server. */
function isAboutNewRows(kind: string, sqlState: string): boolean {
  return (rowsDecide.has(kind) || kind === "RefreshMatViewStmt") && /^2[123]/.test(sqlState);
}

function failureDifferences(
  kind: string,
  { failures }: Effect,
  { failure }: Seen,
): readonly string[] {
  if (failure === undefined || failures.some(({ sqlState }) => sqlState === failure.sqlState))
    return [];
  // What a program comes to hangs on its own conditions.
  if (kind === "DoStmt") return [];
  if (isAboutNewRows(kind, failure.sqlState)) return [];
  // Which value of a row is found fault with first decides how it is said.
  const isValue = failure.sqlState.startsWith("22");
  if (isValue && failures.some(({ sqlState }) => sqlState?.startsWith("22"))) return [];
  // Of several reasons to fail the server told another one first.
  if (failures.some(({ when }) => when === "always")) return [];
  const found = failures.map(({ when, sqlState }) => `${when} ${sqlState}`).join(", ");
  return [`failed ${failure.sqlState} ${failure.message}; predicted ${found || "no failure"}`];
}

export function modesOf({ locks }: Effect): ReadonlyMap<string, string> {
  return new Map(locks.map(({ relation, kind, mode }) => [`${kind} ${relation}`, mode]));
}

export function lockDifferences(
  predicted: ReadonlyMap<string, string>,
  seen: ReadonlyMap<string, string>,
  isPart: boolean,
): readonly string[] {
  const names = new Set([...seen.keys(), ...(isPart ? [] : predicted.keys())]);
  return (
    [...names]
      .filter((name) => predicted.get(name) !== seen.get(name))
      // A default is computed for rows that there are.
      .filter(
        (name) =>
          !(
            name.startsWith("sequence ") &&
            predicted.get(name) === "RowExclusive" &&
            !seen.has(name)
          ),
      )
      .filter((name) => !isPart || !isWeaker(seen.get(name), predicted.get(name)))
      .map(
        (name) =>
          `${name}: ${seen.get(name) ?? "no lock"}, predicted ${predicted.get(name) ?? "none"}`,
      )
  );
}

function isWeaker(mode: string | undefined, than: string | undefined): boolean {
  const at = lockModes.findIndex((each) => each === mode);
  return at < lockModes.findIndex((each) => each === than);
}

/** An update may move rows to another partition; REFRESH merges them. */
const rowsMove: ReadonlySet<string> = new Set(["RefreshMatViewStmt", "UpdateStmt", "DoStmt"]);

function workDifferences(
  predicted: readonly Work[],
  seen: readonly Work[],
  kind: string,
): readonly string[] {
  const [own, theirs] = [predicted, seen].map(
    (work) => new Set(work.flatMap((item) => workText(item))),
  );
  const unseen = [...own!].filter((text) => !theirs!.has(text));
  const unforeseen = [...theirs!].filter((text) => !own!.has(text));
  // A loop or a condition of a program may let what it holds be done or not.
  const isProgram = kind === "DoStmt" || kind === "CallStmt";
  return [
    ...(isProgram ? [] : unseen.map((text) => `predicted ${text}, which was not done`)),
    ...unforeseen.map((text) => `did ${text}, not predicted`),
    ...(rowsMove.has(kind) ? [] : rowDifferences(predicted, seen)),
  ];
}

/** Work without changes of rows. A name that Postgres chooses stands for any. */
function workText(work: Work): readonly string[] {
  switch (work.kind) {
    case "rewrite":
      return [`rewrite ${work.relation}${work.emptied === true ? " emptied" : ""}`];
    case "scan":
      return [`scan ${work.relation}`];
    case "index-build":
      return [
        `index-build ${work.relation} ${work.index ?? "?"}${work.again ? " again" : ""}${work.concurrent ? " concurrently" : ""}`,
      ];
    case "foreign-key-check":
      return [`foreign-key-check ${work.relation} ${work.parent}`];
    case "row-change":
      return [];
  }
}

/** Rows that were seen to change are among those that may. */
function rowDifferences(predicted: readonly Work[], seen: readonly Work[]): readonly string[] {
  const may = new Set(
    predicted.flatMap((work) => {
      if (work.kind !== "row-change") return [];
      const commands =
        work.command === "merge"
          ? ["insert", "update", "delete"]
          : work.command === "copy"
            ? ["insert"]
            : [work.command];
      return commands.map((command) => `${command} ${work.relation}`);
    }),
  );
  return seen.flatMap((work) =>
    work.kind === "row-change" && !may.has(`${work.command} ${work.relation}`)
      ? [`rows: ${work.command} ${work.relation}, not predicted`]
      : [],
  );
}
