import { introspect } from "../../src/catalog/index.ts";
import {
  createWorld,
  fold,
  openObserver,
  startPredicting,
  SimulatedSession,
  type World,
} from "../../src/effects/index.ts";
import {
  evaluateFile,
  rules,
  type EvaluatedFile,
  type FileToEvaluate,
  type Rule,
} from "../../src/rules/index.ts";
import { Session } from "../../src/pg/index.ts";
import { startScratch, type Scratch } from "../../src/scratch/index.ts";
import { parseSql } from "../../src/sql/index.ts";
import type { RuleCase } from "./support-cases.ts";

const file = "migration.sql";

/** A case, or something run in its place. */
export type Evaluated = Pick<
  RuleCase,
  "rule" | "transaction" | "runnerSetsTimeouts" | "sizes" | "base" | "migration"
> &
  Partial<Pick<RuleCase, "earlier" | "hasDown">>;

/** The findings of a case with predicted effects, on a catalog folded from its base. */
export async function evaluateStatic(
  one: Evaluated,
  major: number,
  asked: readonly Rule[] = rules,
): Promise<EvaluatedFile> {
  const predict = startPredicting();
  const evaluated = await evaluateFile({
    ...(await common(one, major)),
    rules: asked,
    effectOf: (question) => ({
      effect: predict(question),
      source: { kind: "predicted", major },
    }),
  });
  return withoutSettled(evaluated);
}

/** The file is the last one of its run. */
function withoutSettled(file: EvaluatedFile): EvaluatedFile {
  const findings = file.findings.filter((finding) => file.open.get(finding)?.(file.world) !== true);
  return { ...file, findings };
}

/** One database for many cases, emptied between them: making a database takes longer than most cases. */
export class CaseDatabase implements AsyncDisposable {
  readonly url: string;
  readonly major: number;
  readonly #scratch: Scratch;
  readonly #session: Session;

  private constructor(scratch: Scratch, url: string, session: Session) {
    this.#scratch = scratch;
    this.major = scratch.major;
    this.url = url;
    this.#session = session;
  }

  static async start(major: number): Promise<CaseDatabase> {
    const scratch = await startScratch({ major });
    const { url } = await scratch.createDatabase();
    return new CaseDatabase(scratch, url, await Session.open({ url, applicationName: "test" }));
  }

  /** Drops everything, then runs the base. */
  async reset(base: string): Promise<void> {
    await this.#session.query("DISCARD ALL");
    await this.#session.query(dropEverything);
    await this.run(base);
  }

  /** Runs SQL text statement by statement, each committing by itself. */
  async run(text: string): Promise<void> {
    for (const { sql } of await parseSql(text, "test.sql")) await this.#session.query(sql);
  }

  /** Runs a text the way its tool sends it, and gives the catalog after it, or the message that it fails with. */
  async catalogAfter(
    text: string,
    transaction: RuleCase["transaction"],
  ): Promise<Catalog | string> {
    const wrapped = transaction === "file" || transaction === "deploy";
    try {
      if (wrapped) await this.#session.query("BEGIN");
      if (transaction === "query") await this.#session.query(text);
      else await this.run(text);
      if (wrapped) await this.#session.query("COMMIT");
      return await introspect(this.#session);
    } catch (error) {
      await this.#session.query("ROLLBACK");
      return (error as Error).message;
    }
  }

  /** The findings of a case whose statements are run here, on its base with rows. */
  async evaluate(one: Evaluated): Promise<EvaluatedFile> {
    await this.reset(one.base);
    const input = await common(one, this.major);
    await using observer = await openObserver({ url: this.url, rows: 300 });
    await observer.startFile(input);
    const result = await evaluateFile({
      ...input,
      effectOf: ({ statement }) => observer.run(statement),
    });
    await observer.endFile();
    return withoutSettled(result);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#session.close();
    await this.#scratch.close();
  }
}

export type Catalog = Awaited<ReturnType<typeof introspect>>;

const dropEverything = `
  DO $$
  DECLARE name text;
  BEGIN
    FOR name IN SELECT nspname FROM pg_namespace WHERE nspname NOT LIKE 'pg%' AND nspname <> 'information_schema' LOOP
      EXECUTE format('DROP SCHEMA %I CASCADE', name);
    END LOOP;
    FOR name IN SELECT extname FROM pg_extension WHERE extname <> 'plpgsql' LOOP
      EXECUTE format('DROP EXTENSION %I CASCADE', name);
    END LOOP;
    FOR name IN SELECT pubname FROM pg_publication LOOP
      EXECUTE format('DROP PUBLICATION %I', name);
    END LOOP;
    CREATE SCHEMA public;
  END $$`;

async function common(one: Evaluated, major: number): Promise<Omit<FileToEvaluate, "effectOf">> {
  const { transaction, runnerSetsTimeouts, sizes } = one;
  const runner = { lockTimeoutMs: 5_000, statementTimeoutMs: 0 };
  return {
    file,
    text: one.migration,
    statements: await parseSql(one.migration, file),
    transaction,
    world: await worldOf(one.base, major),
    session: new SimulatedSession({ transaction, ...(runnerSetsTimeouts ? { runner } : {}) }),
    context: { major, sizes, runnerSetsTimeouts },
    rules,
    earlier: one.earlier ?? [],
    hasDown: one.hasDown,
    config: { severity: { [one.rule]: "on" } },
  };
}

async function worldOf(base: string, major: number): Promise<World> {
  const world = createWorld({ major, complete: true });
  for (const statement of await parseSql(base, "base.sql")) fold(statement, world);
  return world;
}
