import type { Committed } from "./committed.ts";
import { notedBy, type LedgerTarget } from "./ledger-writes.ts";
import { isOverhead } from "./overhead.ts";

/** What one migration sent. */
export interface Attributed {
  /** As the ledger names it. */
  readonly name: string;
  readonly statements: readonly Committed[];
  /**
   * - `deploy`: in one transaction with other migrations.
   * - `file`: in a transaction of its own.
   * - `statement`: each alone.
   * - `mixed`: some alone, some together.
   */
  readonly sent: "deploy" | "file" | "statement" | "mixed";
}

export interface Attribution {
  /** In the order in which the tool ran them. */
  readonly migrations: readonly Attributed[];
  /** What was sent after the last one was noted. */
  readonly left: readonly Committed[];
}

/**
 * Tells which migration each statement belongs to: tools note a migration in their ledger once its statements were sent, so
 * that a statement belongs to the next one that is noted.
 */
export function attribute(
  committed: readonly Committed[],
  ledger: LedgerTarget & { readonly ownTables: readonly string[] },
): Attribution {
  const migrations: (Omit<Attributed, "sent"> & { readonly notedIn: number | undefined })[] = [];
  let statements: Committed[] = [];
  for (const piece of committed) {
    const names = notedBy(piece.statement, ledger);
    if (names === undefined) {
      if (!isOverhead(piece.statement, ledger.ownTables)) statements.push(piece);
      continue;
    }
    for (const name of names) {
      migrations.push({
        name,
        statements: withoutSetup(statements),
        notedIn: piece.transaction,
      });
      statements = [];
    }
  }
  const noted = (transaction: number) =>
    migrations.filter(({ notedIn }) => notedIn === transaction).length;
  return {
    migrations: migrations.map(({ name, statements: own }) => ({
      name,
      statements: own,
      sent: sentAs(own, noted),
    })),
    left: statements,
  };
}

/** What is set for a session before its first statement is in force there, and told with that one. */
function withoutSetup(statements: readonly Committed[]): readonly Committed[] {
  const first = statements.findIndex(({ statement }) => !isSessionSetting(statement));
  return first === -1 ? [] : statements.slice(first);
}

function isSessionSetting({ node }: Committed["statement"]): boolean {
  return "VariableSetStmt" in node && node.VariableSetStmt.is_local !== true;
}

function sentAs(
  statements: readonly Committed[],
  noted: (transaction: number) => number,
): Attributed["sent"] {
  const transactions = new Set(statements.map(({ transaction }) => transaction));
  const [first] = transactions;
  if (transactions.size > 1) return "mixed";
  if (first === undefined) return "statement";
  return noted(first) > 1 ? "deploy" : "file";
}
