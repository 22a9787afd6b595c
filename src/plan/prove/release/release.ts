import type { Session } from "../../../pg/index.ts";
import { quoteIdent } from "../../../sql/index.ts";
import type { ReleaseStatement } from "./statements.ts";
import { tryAll, type ServerFailure } from "./trial.ts";

/** A statement of a release that failed. */
export interface FailedStatement {
  readonly statement: ReleaseStatement;
  readonly failure: ServerFailure;
  /** True when it was prepared before the step and would go well anew. */
  readonly wasPrepared: boolean;
}

/** An application on its own connection, which prepared its statements when it came up. */
export class Release {
  readonly #session: Session;
  readonly #statements: readonly ReleaseStatement[];
  /** What each is called when it is prepared, by its place. */
  readonly #names: readonly string[];
  /** Those that it could not prepare when it came up: it sends them anew each time. */
  readonly #unprepared = new Set<ReleaseStatement>();

  private constructor(session: Session, statements: readonly ReleaseStatement[]) {
    this.#session = session;
    this.#statements = statements;
    this.#names = statements.map((_, n) => quoteIdent(`lockstep statement ${n}`));
  }

  /** Comes up: prepares what can be prepared; what cannot shows in the next `tryEverything`. */
  static async start(session: Session, statements: readonly ReleaseStatement[]): Promise<Release> {
    const release = new Release(session, statements);
    const known = statements.flatMap((one, n) =>
      one.prepared === null
        ? []
        : [{ one, sql: `PREPARE ${release.#names[n]} AS ${one.prepared}` }],
    );
    try {
      await session.batch(known.map(({ sql }) => sql).join("\n;\n"));
    } catch {
      await session.query("DEALLOCATE ALL");
      for (const { one, sql } of known)
        await session.query(sql).catch(() => release.#unprepared.add(one));
    }
    return release;
  }

  /** How many statements one trial sends. */
  get size(): number {
    const prepared = this.#statements.filter((one) => one.prepared !== null);
    return this.#statements.length + prepared.length;
  }

  /**
   * Sends each statement as it was prepared and anew; nothing stays.
   *
   * @param again how often one that fails is sent once more: where a default gives its value by chance, a rule refuses it
   * by chance, and no plan is to blame
   */
  async tryEverything(again = 0): Promise<readonly FailedStatement[]> {
    let failed = await this.#tryOnce(this.#statements);
    for (let n = 0; n < again; n++) {
      const doubtful = failed.filter(({ statement }) => !statement.isRefusedLater);
      if (doubtful.length === 0) break;
      const still = await this.#tryOnce(doubtful.map(({ statement }) => statement));
      failed = failed.filter(
        (one) =>
          !doubtful.includes(one) ||
          still.some(
            (other) => other.statement === one.statement && other.wasPrepared === one.wasPrepared,
          ),
      );
    }
    return failed;
  }

  async #tryOnce(statements: readonly ReleaseStatement[]): Promise<readonly FailedStatement[]> {
    const count = statements.length;
    const executes = statements.flatMap(({ prepared, values }, n) => {
      const name = this.#names[this.#statements.indexOf(statements[n]!)];
      const list = values.length === 0 ? "" : ` (${values.join(", ")})`;
      const isKnown = prepared !== null && !this.#unprepared.has(statements[n]!);
      return !isKnown ? [] : [{ sql: `EXECUTE ${name}${list}`, of: n }];
    });
    const failed = await tryAll(this.#session, [...statements, ...executes]);
    return [...failed].flatMap(([at, failure]) => {
      const own = at < count ? at : executes[at - count]!.of;
      const wasPrepared = at >= count;
      // What fails anew is told once.
      if (wasPrepared && failed.has(own)) return [];
      return [{ statement: statements[own]!, failure, wasPrepared }];
    });
  }
}

/** Those that go well where the release is known to run, prepared and anew. */
export async function goingWell(
  session: Session,
  statements: readonly ReleaseStatement[],
): Promise<readonly ReleaseStatement[]> {
  const release = await Release.start(session, statements);
  const failed = new Set((await release.tryEverything()).map(({ statement }) => statement));
  await session.query("DEALLOCATE ALL");
  return statements.filter((statement) => !failed.has(statement));
}
