import type { Statement } from "../../sql/index.ts";
import { noEffect } from "../effect.ts";
import { settingChanges } from "../session/settings.ts";
import { SimulatedSession, type StatementGroup } from "../session/simulate.ts";
import type { TransactionMode } from "../session/state.ts";

/** Statements that commit or fail together when the migration tool sends the file. */
export interface Transaction {
  readonly statements: readonly Statement[];
  /** False for a statement that runs by itself, outside a transaction block. */
  readonly isBlock: boolean;
  /** True when the statements mean something else one by one: undone, or bound to this very transaction. */
  readonly isIndivisible: boolean;
  /** True when it ends in ROLLBACK. */
  readonly isRolledBack: boolean;
}

/** A statement's place in its transaction. */
export interface Place {
  readonly transaction: Transaction;
  /** From 0. */
  readonly position: number;
}

/**
 * Finds the transaction of each statement, by its index in the file. BEGIN, COMMIT and ROLLBACK have no place of their own.
 *
 * @param groups how a runner cuts the file, for the mode `units`
 */
export function placesOf(
  file: string,
  statements: readonly Statement[],
  mode: TransactionMode,
  groups: readonly StatementGroup[] = [],
): ReadonlyMap<number, Place> {
  const session = new SimulatedSession({ transaction: mode });
  session.startFile(file, statements, groups);
  const members = new Map<number, { statements: Statement[]; isBlock: boolean }>();
  const rolledBack = new Set<number>();
  for (const statement of statements) {
    const { transaction, inTransaction } = session.before(statement);
    if (endsTransaction(statement)) {
      if (controlOf(statement) === "TRANS_STMT_ROLLBACK") rolledBack.add(transaction);
    } else {
      const known = members.get(transaction);
      if (known === undefined)
        members.set(transaction, { statements: [statement], isBlock: inTransaction });
      else known.statements.push(statement);
    }
    session.after(statement, noEffect);
  }
  const places = new Map<number, Place>();
  for (const [number, { statements: own, isBlock }] of members) {
    const isRolledBack = rolledBack.has(number);
    const isIndivisible = isRolledBack || own.some(isBoundToTransaction);
    const transaction = { statements: own, isBlock, isIndivisible, isRolledBack };
    for (const [position, { index }] of own.entries()) places.set(index, { transaction, position });
  }
  return places;
}

/** Statements whose result ends with the transaction and is needed by those after them, but locks nothing. */
export function isLocalSetting(statement: Statement): boolean {
  return (
    statement.kind === "ConstraintsSetStmt" ||
    setsTransaction(statement) ||
    settingChanges(statement).some((change) => change.kind !== "reset-all" && change.local)
  );
}

/** SET TRANSACTION: refused after the first query of a transaction, one that watches it included. */
function setsTransaction({ node }: Statement): boolean {
  if (!("VariableSetStmt" in node)) return false;
  const { kind, name } = node.VariableSetStmt;
  return kind === "VAR_SET_MULTI" && (name === "TRANSACTION" || name === "TRANSACTION SNAPSHOT");
}

/** The kind of a transaction control statement, e.g. `TRANS_STMT_BEGIN`; undefined for any other. */
export function controlOf({ node }: Statement): string | undefined {
  return "TransactionStmt" in node ? node.TransactionStmt.kind : undefined;
}

const ends = new Set([
  "TRANS_STMT_BEGIN",
  "TRANS_STMT_START",
  "TRANS_STMT_COMMIT",
  "TRANS_STMT_ROLLBACK",
  "TRANS_STMT_PREPARE",
  "TRANS_STMT_COMMIT_PREPARED",
  "TRANS_STMT_ROLLBACK_PREPARED",
]);

function endsTransaction(statement: Statement): boolean {
  return ends.has(controlOf(statement) ?? "");
}

/** What an earlier COMMIT would take away: savepoints gone back to, cursors, rows of tables that are emptied then. */
function isBoundToTransaction(statement: Statement): boolean {
  const { node } = statement;
  const emptied = "ONCOMMIT_DELETE_ROWS";
  if ("CreateStmt" in node) return node.CreateStmt.oncommit === emptied;
  if ("CreateTableAsStmt" in node) return node.CreateTableAsStmt.into?.onCommit === emptied;
  return "DeclareCursorStmt" in node || controlOf(statement) === "TRANS_STMT_ROLLBACK_TO";
}
