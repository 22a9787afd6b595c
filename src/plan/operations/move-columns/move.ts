import { qualifiedName } from "../../../catalog/index.ts";
import { quoteIdent } from "../../../sql/index.ts";
import type { MovedColumns } from "../../dual-writes/index.ts";
import { columnIn, sqlName, tableChange } from "../../lookup.ts";
import { readCopy, type Copy } from "./copy.ts";
import type { MoveGroup } from "./group.ts";

/** Which columns move, and by which key rows of both tables belong together. */
export interface Move extends Pick<MovedColumns, "key" | "columns"> {
  readonly copy: Copy;
}

/** @returns why there is no such key or column */
export function moveOf(group: MoveGroup, searchPath: readonly string[]): Move | string {
  const { from, to, copy: statement, drops } = group;
  const copy = readCopy(statement.statement, to);
  if (typeof copy === "string") return `the copy ${copy}`;
  const known = copy.columns.every(
    (pair) => columnIn(from, pair.from) !== undefined && columnIn(to, pair.to) !== undefined,
  );
  if (!known) return "the copy names what is no column of the two tables";
  const pairs = keyIn(group, copy);
  if (pairs === undefined)
    return `${sqlName(to)} has no unique NOT NULL columns that refer to ${sqlName(from)} by a foreign key and that the copy fills with what they refer to: with them, each row of ${sqlName(from)} has at most one there`;
  const gone = new Set(
    drops.map((one) => tableChange(one.statement.node, one.before, searchPath)?.command.name),
  );
  const own = new Set(pairs.map((pair) => pair.to));
  const columns = copy.columns.filter((pair) => !own.has(pair.to));
  const stays = columns.find((pair) => !gone.has(pair.from));
  if (stays !== undefined)
    return `the copy repeats ${quoteIdent(stays.from)}, which stays in ${sqlName(from)}: both releases would go on to write it`;
  const copied = new Set(columns.map((pair) => pair.from));
  if (copied.size < columns.length) return "the copy gives one column twice";
  const lost = [...gone].find((name) => !copied.has(name ?? ""));
  if (lost !== undefined)
    return `${quoteIdent(lost)} is dropped between them and is not copied: drop it in a statement behind these`;
  const typed = (pair: Copy["columns"][number]) => ({
    ...pair,
    type: columnIn(from, pair.from)!.type.text,
  });
  return {
    copy,
    key: pairs.map(typed),
    columns: columns.map((pair) => ({ ...typed(pair), nullable: columnIn(to, pair.to)!.nullable })),
  };
}

/** The foreign key to the old table over unique columns, when the copy fills them with what they refer to. */
function keyIn({ from, to }: MoveGroup, { columns }: Copy): Copy["columns"] | undefined {
  const target = qualifiedName(from.schema, from.name);
  for (const one of to.constraints) {
    if (one.kind !== "foreign-key" || one.references.table !== target) continue;
    if (!one.valid || !one.enforced || one.deferrable !== "no" || one.period) continue;
    const pairs = one.columns.map((name, n) => ({ from: one.references.columns[n]!, to: name }));
    const isCopied = pairs.every((pair) =>
      columns.some((other) => other.from === pair.from && other.to === pair.to),
    );
    const isOneToOne = to.indexes.some(
      ({ unique, predicate, keys }) =>
        unique &&
        predicate === null &&
        keys.length === pairs.length &&
        pairs.every((pair) => keys.some(({ column }) => column === pair.to)),
    );
    const isGiven = pairs.every((pair) => columnIn(to, pair.to)?.nullable === false);
    if (isCopied && isOneToOne && isGiven) return pairs;
  }
  return undefined;
}
