import type { Session } from "../../../pg/index.ts";
import { loadedParser, type Statement } from "../../../sql/index.ts";
import { sendAll, type Sent } from "../release/sent.ts";

/** Why a migration does not go well on the rows that are there. */
export interface Refused {
  /** Which of its statements failed. */
  readonly at: number;
  readonly message: string;
  /** The unique index, key or check that refused a row, when it was one. */
  readonly constraint: string | undefined;
  /** The table whose rows the server blames, when it says so. */
  readonly table: { readonly schema: string; readonly name: string } | undefined;
}

/**
 * Tries a migration in one transaction that is rolled back. What Postgres refuses in a transaction is run in the form
 * that it does not refuse, or passed over: on the rows it does the same, or nothing.
 */
export class TriedMigration {
  readonly #session: Session;
  readonly #texts: readonly string[];
  readonly #passed = new Set<number>();

  constructor(session: Session, statements: readonly Statement[]) {
    this.#session = session;
    this.#texts = statements.map(withoutConcurrently);
  }

  /**
   * @param before statements that change rows first; one that fails is a refusal too
   * @param after statements that are sent once it has gone well; their place is behind its last statement's
   */
  async refusal(
    before: readonly Sent[] = [],
    after: readonly Sent[] = [],
  ): Promise<Refused | undefined> {
    const head = [{ sql: "BEGIN" }, ...before];
    const kept = this.#texts.flatMap((sql, at) => (this.#passed.has(at) ? [] : [{ sql, at }]));
    const tail = [{ sql: "SET CONSTRAINTS ALL IMMEDIATE" }, { sql: "ROLLBACK" }];
    try {
      await sendAll(this.#session, [...head, ...kept, ...after, ...tail]);
      return undefined;
    } catch (error) {
      await this.#session.query("ROLLBACK");
      const { code, message, completed, constraint, schema, table } = error as ServerError;
      const at = kept[completed - head.length]?.at;
      if (at !== undefined && outsideOnly.has(code)) {
        this.#passed.add(at);
        return this.refusal(before, after);
      }
      return {
        at: at ?? this.#texts.length,
        message,
        constraint,
        table: schema === undefined || table === undefined ? undefined : { schema, name: table },
      };
    }
  }
}

interface ServerError {
  readonly code: string;
  readonly message: string;
  readonly completed: number;
  readonly constraint?: string;
  readonly schema?: string;
  readonly table?: string;
}

/** Statements around which no trigger fires and no foreign key is looked up. */
export function asReplica(statements: readonly string[]): readonly Sent[] {
  return [
    "SET LOCAL session_replication_role = replica",
    ...statements,
    "SET LOCAL session_replication_role = origin",
  ].map((sql) => ({ sql }));
}

/** active_sql_transaction; unsafe_new_enum_value_usage. */
const outsideOnly: ReadonlySet<string> = new Set(["25001", "55P04"]);

/** The statement as it runs in a transaction too. */
function withoutConcurrently({ sql }: Statement): string {
  const { tokens } = loadedParser().scanSync(sql);
  const word = tokens.find(({ text }) => text.toLowerCase() === "concurrently");
  if (word === undefined) return sql;
  const bytes = Buffer.from(sql, "utf8");
  return bytes.toString("utf8", 0, word.start) + bytes.toString("utf8", word.end);
}

/** In one transaction in which no trigger fires and no foreign key is looked up. */
export async function withoutTriggers(
  session: Session,
  statements: readonly string[],
): Promise<void> {
  const head = ["BEGIN", "SET LOCAL session_replication_role = replica"];
  await session.batch([...head, ...statements, "COMMIT"].join("\n;\n"));
}
