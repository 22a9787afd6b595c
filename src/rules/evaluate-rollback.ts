import { copyWorld, type SessionState, type World } from "../effects/index.ts";
import type { Statement } from "../sql/index.ts";

/**
 * Catalogs to go back to at ROLLBACK and ROLLBACK TO. Snapshots are kept only for files that hold such a statement,
 * which is rare.
 */
export class RollbackPoints {
  readonly #active: boolean;
  #transaction: number | undefined;
  #begin: World | undefined;
  #savepoints: { readonly name: string; readonly world: World }[] = [];

  constructor(statements: readonly Statement[]) {
    this.#active = statements.some((statement) => {
      const { kind } = control(statement) ?? {};
      return kind === "TRANS_STMT_ROLLBACK" || kind === "TRANS_STMT_ROLLBACK_TO";
    });
  }

  /** True when the file may go back to an earlier catalog. */
  get expected(): boolean {
    return this.#active;
  }

  /** To be told of every statement, with the catalog and the session before it. */
  before(world: World, session: SessionState): void {
    if (!this.#active || session.transaction === this.#transaction) return;
    this.#transaction = session.transaction;
    this.#begin = copyWorld(world);
    this.#savepoints = [];
  }

  /** The catalog after the statement: an earlier one when it rolls back. */
  after(statement: Statement, world: World): World {
    const { kind, savepoint_name: name = "" } = control(statement) ?? {};
    if (!this.#active) return world;
    if (kind === "TRANS_STMT_SAVEPOINT") this.#savepoints.push({ name, world: copyWorld(world) });
    const wanted =
      kind === "TRANS_STMT_ROLLBACK"
        ? this.#begin
        : kind === "TRANS_STMT_ROLLBACK_TO"
          ? this.#savepoints.findLast((savepoint) => savepoint.name === name)?.world
          : undefined;
    return wanted === undefined ? world : copyWorld(wanted);
  }
}

function control({ node }: Statement) {
  return "TransactionStmt" in node ? node.TransactionStmt : undefined;
}
