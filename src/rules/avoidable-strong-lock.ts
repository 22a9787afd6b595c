import type { Node, RangeVar } from "@pgsql/types";
import {
  blocksReads,
  blocksWrites,
  findRelation,
  indexesOf,
  partitionsOf,
  searchPathOf,
  type RelationLock,
} from "../effects/index.ts";
import { isConcurrent } from "./evaluate-concurrent.ts";
import { listWords, lockWords, strongLocks, waiting } from "./evaluate-locks.ts";
import type { WayOut } from "./finding.ts";
import { alterTableOf } from "./fix-alter-parts.ts";
import { stepsInstead } from "./fix-steps.ts";
import { concurrently } from "./fix-concurrently.ts";
import { takenAlong } from "./losses/taken-along.ts";
import type { Rule, StatementInput, Verdict } from "./rule.ts";
import { sqlName } from "./sql-names.ts";

export const avoidableStrongLock: Rule = {
  id: "avoidable-strong-lock",
  title: "Takes a stronger lock than the same change needs",
  severity: "warning",
  kind: "hazard",
  kinds: ["AlterTableStmt", "DropStmt", "RefreshMatViewStmt"],
  axis: "locks",
  supersedes: ["drops-more-than-named"],
  statement(input): Iterable<Verdict> {
    if (isConcurrent(input.statement)) return [];
    const locks = strongLocks(input.effect).filter((lock) => !isHeld(lock, input));
    const weaker = locks.length === 0 ? undefined : weakerForm(input);
    if (weaker === undefined) return [];
    return [
      {
        at: input,
        ...weaker,
        why: `it takes ${lockWords(locks)}: while it waits for that lock, ${waiting(locks)} that come later queue behind it${weaker.work}`,
      },
    ];
  },
};

/** True when an earlier statement of the transaction has the relation locked as strongly: nobody waits the longer for it. */
function isHeld({ relation, mode }: RelationLock, { session }: StatementInput): boolean {
  return session.held.some(
    (held) =>
      held.relation === relation &&
      blocksWrites(held.mode) &&
      (blocksReads(held.mode) || !blocksReads(mode)),
  );
}

type Weaker = Pick<Verdict, "message" | "severity" | "wayOut"> & { readonly work: string };

function weakerForm(input: StatementInput): Weaker | undefined {
  const { node } = input.statement;
  if ("DropStmt" in node && node.DropStmt.removeType === "OBJECT_INDEX") return dropIndex(input);
  if ("RefreshMatViewStmt" in node) return refresh(input);
  if (!("AlterTableStmt" in node)) return undefined;
  const [cmd] = node.AlterTableStmt.cmds ?? [];
  return cmd !== undefined &&
    "AlterTableCmd" in cmd &&
    cmd.AlterTableCmd.subtype === "AT_DetachPartition"
    ? detach(input)
    : undefined;
}

function dropIndex(input: StatementInput): Weaker | undefined {
  const { node } = input.statement;
  if (!("DropStmt" in node)) return undefined;
  const text =
    "DROP INDEX CONCURRENTLY waits for the transactions that use the index and blocks nobody meanwhile.";
  const several = (node.DropStmt.objects?.length ?? 0) > 1;
  const partitioned = input.effect.locks.some(({ kind }) => kind === "partitioned index");
  // Refused for an index of a partitioned table (index_drop).
  if (partitioned) return undefined;
  const cascades = node.DropStmt.behavior === "DROP_CASCADE";
  const taken = takenAlong(input);
  const dropped = taken.map(({ words }) => words);
  const limit = several ? " It takes one index at a time." : "";
  const wayOut: WayOut = cascades
    ? {
        text: `${text}${limit} It takes no CASCADE: what hangs on the index is dropped first${dropped.length === 0 ? ", if anything does" : ", if it may go at all"}.`,
        code: [
          ...taken.flatMap(({ sql }) => (sql === undefined ? [] : [`${sql};`])),
          dropOneByOne(input),
        ].join("\n\n"),
      }
    : several
      ? { text: `${text}${limit}`, code: dropOneByOne(input) }
      : (concurrently(input, text) ?? { text });
  const also = dropped.length === 0 ? "" : `, and with it ${listWords(dropped)}`;
  return { message: `drops an index with a lock on its table${also}`, wayOut, work: "" };
}

function dropOneByOne({ statement: { node } }: StatementInput): string {
  if (!("DropStmt" in node)) return "";
  const exists = node.DropStmt.missing_ok === true ? " IF EXISTS" : "";
  return (node.DropStmt.objects ?? [])
    .flatMap((object) => ("List" in object ? [object.List.items ?? []] : []))
    .map((items) =>
      items
        .flatMap((item) => ("String" in item ? [sqlName(item.String.sval ?? "")] : []))
        .join("."),
    )
    .map((name) => `DROP INDEX CONCURRENTLY${exists} ${name};`)
    .join("\n\n");
}

/** CONCURRENTLY wants a populated view with a unique index over all rows (matview.c). */
function refresh(input: StatementInput): Weaker | undefined {
  const { node } = input.statement;
  if (!("RefreshMatViewStmt" in node) || node.RefreshMatViewStmt.skipData === true)
    return undefined;
  const range = node.RefreshMatViewStmt.relation;
  const view = findRelation(
    input.world,
    { schema: range?.schemaname, name: range?.relname ?? "" },
    searchPathOf(input.session),
  );
  // Nobody can read a view that was never filled.
  if (view?.view?.populated === false) return undefined;
  const unique =
    view !== undefined &&
    indexesOf(input.world, view.id).some(
      ({ index }) =>
        index !== undefined &&
        index.unique &&
        index.valid &&
        index.predicate === undefined &&
        index.expressions.length === 0,
    );
  const text = "REFRESH MATERIALIZED VIEW CONCURRENTLY lets readers go on with the old rows.";
  return {
    message: "fills a materialized view again while its readers wait",
    severity: "error",
    wayOut: (unique ? concurrently(input, text) : undefined) ?? {
      text: `${text} It wants a unique index on plain columns over all rows of the view: build one first.`,
    },
    work: ", and the lock is held until the query has run and its rows are written",
  };
}

/**
 * Refused when the parent has a default partition, and in a transaction. It leaves the partition's bound behind as a
 * CHECK constraint, which the plain form does not (tablecmds.c, DetachAddConstraintIfNeeded).
 */
function detach(input: StatementInput): Weaker | undefined {
  const { world, text: source } = input;
  const alter = alterTableOf(input);
  const [part] = alter?.parts ?? [];
  const range = partitionOf(part?.command.def);
  if (alter === undefined || part === undefined || range === undefined) return undefined;
  const partitions = alter.relation === undefined ? [] : partitionsOf(world, alter.relation.id);
  if (partitions.some(({ partitionOf }) => partitionOf?.isDefault)) return undefined;
  const { columns, expressions } = alter.relation?.partitioning ?? { columns: [], expressions: [] };
  const text =
    "DETACH PARTITION … CONCURRENTLY waits for the transactions that use the parent and lets new ones go on; it leaves a CHECK constraint of the bound behind.";
  const message = "detaches a partition with a lock on the whole table";
  if (columns.length === 0 || expressions.length > 0)
    return { message, wayOut: { text }, work: "" };
  const check = [range.relname ?? "", ...(columns.length === 1 ? columns : []), "check"].join("_");
  return {
    message,
    wayOut: stepsInstead(input, text, [
      { sql: `${alter.head} ${part.sql} CONCURRENTLY` },
      {
        sql: `ALTER TABLE ${source.nameAt(range.location)} DROP CONSTRAINT IF EXISTS ${sqlName(check)}`,
        strong: true,
      },
    ]),
    work: "",
  };
}

function partitionOf(def: Node | undefined): RangeVar | undefined {
  return def !== undefined && "PartitionCmd" in def ? def.PartitionCmd.name : undefined;
}
