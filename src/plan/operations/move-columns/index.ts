import { qualifiedName } from "../../../catalog/index.ts";
import { loadedParser, quoteIdent } from "../../../sql/index.ts";
import { copyNote } from "../../copy-note.ts";
import { madeName, movedStatements, type MovedStatements } from "../../dual-writes/index.ts";
import { fillNotes } from "../../fill-notes.ts";
import { sqlName } from "../../lookup.ts";
import { transaction, type PlannedOperation, type TableName } from "../../model.ts";
import { viewNote, viewStatements } from "../../online/view.ts";
import type { OperationInput, Recognised, Refusal } from "../operation.ts";
import { moveByHand } from "./by-hand.ts";
import { groupOf, type MoveGroup } from "./group.ts";
import { moveOf, type Move } from "./move.ts";
import { moveObstacle } from "./obstacle.ts";

/**
 * Columns that move to a new table: `CREATE TABLE`, `INSERT … SELECT` or `CREATE TABLE … AS`, `DROP COLUMN`. Both
 * releases have their table; triggers keep the two in step. The new release writes its own through a view, which takes
 * the lock that both releases meet at, until the old columns go.
 */
export async function moveColumns(
  input: OperationInput,
): Promise<Recognised | Refusal | undefined> {
  const group = groupOf(input);
  if (group === undefined) return moveByHand(input);
  const { from, to, size } = group;
  const move = moveOf(group, input.searchPath);
  const why = typeof move === "string" ? move : moveObstacle(input, group, move);
  const title = `move columns of ${sqlName(from)} to ${sqlName(to)}`;
  if (typeof move === "string" || why !== undefined)
    return { title, takes: size - 1, refused: { why: why ?? "", instead: instead(group, move) } };
  const made = { schema: to.schema, name: madeName(to.name, input.plan) };
  const writes = await movedStatements({
    ...move,
    plan: input.plan,
    from,
    to: made,
    where: move.copy.where!.text,
    alias: move.copy.alias,
    origin: `${input.file}:${group.copy.statement.line}`,
    searchPath: input.searchPath,
  });
  const names = move.columns.map((pair) => quoteIdent(pair.from)).join(", ");
  return {
    title: `move ${names} of ${sqlName(from)} to ${sqlName(to)}`,
    planned: plannedBy(input, group, move, made, writes),
    takes: size - 1,
  };
}

function plannedBy(
  { before, major }: OperationInput,
  { making, copy, drops, from, to }: MoveGroup,
  { columns }: Move,
  madeTable: TableName,
  writes: MovedStatements,
): PlannedOperation {
  const [old, view, made] = [sqlName(from), sqlName(to), sqlName(madeTable)];
  const flag = quoteIdent(writes.flag);
  const list = to.columns.map(({ name }) => `t.${quoteIdent(name)}`).join(", ");
  const query = `SELECT ${list} FROM ${made} AS t WHERE ${writes.gate}`;
  const { stopOld, dropFlagOld, startNew, stopNew, stopFunctions } = writes;
  return {
    expand: [
      {
        ...transaction(`the new table, ${made}, and ${view} as a view of it`, [
          ...making.map((one) =>
            one === copy ? withoutRows(one.statement.sql) : one.statement.sql,
          ),
          `ALTER TABLE ${view} RENAME TO ${quoteIdent(madeTable.name)}`,
          ...startNew,
          ...viewStatements({ view, table: made, query, defaults: to.columns, major }),
        ]),
        undo: [
          {
            kind: "transaction",
            statements: [
              // As the old release locks them, whose deleted rows are looked for in the new table.
              `LOCK TABLE ${old} IN ACCESS EXCLUSIVE MODE`,
              `DROP VIEW IF EXISTS ${view}`,
              `DROP TABLE IF EXISTS ${made}`,
              ...stopFunctions,
            ],
          },
        ],
      },
      {
        ...transaction(`dual writes in ${old} and ${made}`, writes.startOld),
        undo: [{ kind: "transaction", statements: [...stopOld, dropFlagOld] }],
      },
    ],
    fills: [
      {
        kind: "fill",
        title: `rows of ${old} that have none in ${made}`,
        table: from,
        set: `${flag} = 1`,
        todo: `t.${flag} = 0`,
        undo: [],
      },
    ],
    end: stopOld,
    // One table a step: writers of the new release lock the new one first, then the old one.
    narrow: [
      transaction(`${view} becomes the table`, [
        `DROP VIEW ${view}`,
        ...stopNew,
        ...stopFunctions,
        `ALTER TABLE ${made} RENAME TO ${quoteIdent(to.name)}`,
      ]),
      transaction(`${old} loses what has moved`, [
        dropFlagOld,
        ...drops.map((one) => one.statement.sql),
      ]),
    ],
    exemptions: [{ kind: "no-copy", relation: qualifiedName(to.schema, to.name) }],
    notes: [
      viewNote(view, major),
      ...fillNotes(before, from),
      copyNote(from),
      `while both releases run, a row of ${view} that the old release makes empty goes, unless the new one has written it; a row that the new release deletes leaves ${columns.map((pair) => quoteIdent(pair.from)).join(", ")} NULL for the old one`,
      `a transaction of the new release that locks rows of ${view} (SELECT … FOR UPDATE) before it writes them can meet a deadlock with the old release (40P01), and so can statements of both that each write many rows, in different orders; a transaction of REPEATABLE READ or SERIALIZABLE can meet a failure to serialize (40001): the application runs them again`,
      `TRUNCATE of ${old} alone is refused from the expand phase on: ${view} refers to it`,
    ],
  };
}

/** `CREATE TABLE … AS …` for the table alone. */
function withoutRows(sql: string): string {
  const { tokens } = loadedParser().scanSync(sql);
  const words = tokens.filter(({ tokenName }) => !tokenName.endsWith("COMMENT"));
  const last = words.findLastIndex(({ text }) => text.toUpperCase() === "WITH");
  const isSaid = words.at(-1)?.text.toUpperCase() === "DATA" && last >= words.length - 3;
  const head = isSaid ? Buffer.from(sql, "utf8").toString("utf8", 0, words[last]!.start) : sql;
  return `${head}\nWITH NO DATA`;
}

function instead({ from, to, copy }: MoveGroup, move: Move | string): readonly string[] {
  const isOfAll = typeof move !== "string" && move.copy.where === undefined;
  return [
    ...(isOfAll
      ? [
          `copy the rows that hold something, WHERE ${move.columns.map((pair) => `${quoteIdent(pair.from)} IS NOT NULL`).join(" OR ")}: then a row of ${sqlName(to)} is there exactly when there is something in it`,
        ]
      : []),
    `let a release write both ${sqlName(from)} and ${sqlName(to)} and read ${sqlName(from)}; copy the rows then (line ${copy.statement.line}, with ON CONFLICT DO NOTHING), let the next release read ${sqlName(to)}, and drop the columns in a migration of their own`,
    "or run it in a maintenance window: lockstep check says what it locks, lockstep rehearse for how long",
  ];
}
