import { createHash } from "node:crypto";
import { LockstepError } from "../errors/index.ts";
import { loadParser, parseSql, type Statement } from "../sql/index.ts";
import type { Migration } from "../tools/index.ts";
import { settingChange } from "./session-settings.ts";
import { bodyOf } from "./tree.ts";
import { mayCommitByItself, placementOf } from "./transaction-rules.ts";

/**
 * The piece of a migration that is done or not done: a transaction with the statements in it, or one statement that
 * runs outside a transaction.
 */
export interface Unit {
  /** From 0. */
  readonly number: number;
  readonly kind: "transaction" | "statement";
  readonly statements: readonly Statement[];
  /** How the transaction opens: `BEGIN`, or the file's own with its options. */
  readonly begin: string;
  /** Earlier statements of the file that set something for the session, to be in force again on resume. */
  readonly settings: readonly Statement[];
  /** sha256 of the statements' texts: comments and blank lines between them may change. */
  readonly hash: string;
}

/**
 * Cuts a migration into units.
 *
 * - By default the statements of a file are one transaction. Those that Postgres refuses in one, and ALTER TYPE …
 *   ADD VALUE, are units of their own; the runs of statements between them are transactions.
 * - A folder whose tool sends each statement alone, or a comment `-- lockstep: no-transaction` in the file, makes each
 *   statement a unit; DO and CALL are then sent outside a transaction, so that they may COMMIT.
 * - The file's own BEGIN and COMMIT are boundaries. One wrapping pair is one transaction; COMMIT without BEGIN ends
 *   the transaction that Lockstep opened, as it would end the migration tool's.
 *
 * @throws LockstepError `sql-syntax`; `migration-unsupported` for ROLLBACK, a BEGIN that is never closed, two-phase
 * commits, COPY from the client, and a statement between BEGIN and COMMIT that cannot run there
 */
export async function cutUnits(migration: Migration): Promise<readonly Unit[]> {
  const statements = await parseSql(migration.sql, migration.file);
  const single = migration.transaction === "statement" || (await hasDirective(migration.sql));
  const cutter = new Cutter(migration, single);
  for (const statement of statements) cutter.add(statement);
  return cutter.finish();
}

/** True when a comment of the file says that its statements are not to share a transaction. */
async function hasDirective(sql: string): Promise<boolean> {
  if (!sql.includes("lockstep:")) return false;
  const { scanSync } = await loadParser();
  return scanSync(sql).tokens.some(
    ({ tokenName, text }) =>
      tokenName === "SQL_COMMENT" && /^--\s*lockstep:\s*no-transaction\s*$/.test(text),
  );
}

class Cutter {
  readonly #units: Unit[] = [];
  readonly #settings: Statement[] = [];
  readonly #migration: Migration;
  readonly #single: boolean;
  #open: Statement[] = [];
  /** The file's own BEGIN, while its transaction is open. */
  #own: Statement | undefined;
  #committedOurs = false;

  constructor(migration: Migration, single: boolean) {
    this.#migration = migration;
    this.#single = single;
  }

  add(statement: Statement): void {
    if (statement.kind === "TransactionStmt") return this.#control(statement);
    this.#refuseCopy(statement);
    const placement = placementOf(statement);
    if (this.#own !== undefined) {
      if (placement === "outside")
        throw this.#unsupported(statement, {
          what: "cannot run inside a transaction block",
          why: "Postgres refuses this statement between BEGIN and COMMIT",
          next: "move it after the COMMIT, or take BEGIN and COMMIT out: Lockstep opens the transactions it needs",
        });
      this.#open.push(statement);
      return;
    }
    if (placement === "outside" || (this.#single && mayCommitByItself(statement))) {
      this.#close();
      this.#push("statement", [statement]);
    } else if (placement === "alone" || this.#single) {
      this.#close();
      this.#push("transaction", [statement]);
    } else this.#open.push(statement);
  }

  finish(): readonly Unit[] {
    // COMMIT; CREATE INDEX CONCURRENTLY …; BEGIN; — the tail that a tool's own COMMIT would close.
    if (this.#own !== undefined && !this.#committedOurs)
      throw this.#unsupported(this.#own, {
        what: "opens a transaction that the file never commits",
        why: "Postgres would roll it back at the end of the session",
        next: "end the file with COMMIT, or take BEGIN out: Lockstep wraps the file in a transaction itself",
      });
    this.#close();
    return this.#units;
  }

  #control(statement: Statement): void {
    const { kind, chain } = bodyOf(statement);
    if (kind === "TRANS_STMT_BEGIN" || kind === "TRANS_STMT_START") {
      if (this.#own !== undefined)
        throw this.#unsupported(statement, {
          what: "opens a transaction inside another one",
          why: "Postgres warns and goes on in the first one; what was meant is unknown",
          next: "take the second BEGIN out, or use SAVEPOINT",
        });
      this.#close();
      this.#own = statement;
    } else if (kind === "TRANS_STMT_COMMIT" && chain !== true) {
      if (this.#own === undefined) this.#committedOurs = true;
      this.#close();
      this.#own = undefined;
    } else if (/^TRANS_STMT_(SAVEPOINT|RELEASE|ROLLBACK_TO)$/.test(String(kind))) {
      this.#open.push(statement);
    } else
      throw this.#unsupported(statement, {
        what: "cannot be part of a migration",
        why: "whether the file then counts as applied cannot be recorded in the same transaction",
        next: "use BEGIN and COMMIT, SAVEPOINT and ROLLBACK TO; leave the rest to Lockstep",
      });
  }

  #close(): void {
    const begin = this.#own?.sql;
    if (this.#open.length > 0) this.#push("transaction", this.#open, begin);
    this.#open = [];
  }

  #push(kind: Unit["kind"], statements: readonly Statement[], begin = "BEGIN"): void {
    const hash = createHash("sha256");
    for (const { sql } of statements) hash.update(sql).update("\0");
    this.#units.push({
      number: this.#units.length,
      kind,
      statements,
      begin,
      settings: [...this.#settings],
      hash: hash.digest("hex"),
    });
    for (const statement of statements) {
      const change = settingChange(statement);
      if (change?.name === "all") this.#settings.length = 0;
      else if (change?.scope === "session") this.#settings.push(statement);
    }
  }

  #refuseCopy(statement: Statement): void {
    if (statement.kind !== "CopyStmt") return;
    const { filename, is_program: program } = bodyOf(statement);
    if (filename !== undefined || program === true) return;
    throw this.#unsupported(statement, {
      what: "exchanges rows with the client",
      why: "COPY … FROM STDIN needs data after the statement, which only psql can read out of a file",
      next: "write the rows as INSERT … VALUES, or load them with psql before or after",
    });
  }

  #unsupported(
    statement: Statement,
    say: { readonly what: string; readonly why: string; readonly next: string },
  ): LockstepError {
    const place = `${this.#migration.file}:${statement.line}`;
    return new LockstepError("migration-unsupported", {
      what: `${place}: this statement ${say.what}`,
      found: statement.sql.split(/\s+/, 3).join(" "),
      from: place,
      why: say.why,
      next: [say.next],
    });
  }
}
