import { Observer, type Observed, type ObservedFile } from "../../../src/effects/observe/index.ts";
import { Session } from "../../../src/pg/index.ts";
import { startScratch, type Scratch } from "../../../src/scratch/index.ts";
import { parseSql } from "../../../src/sql/index.ts";

/** A scratch server with a database for each observation. */
export class Laboratory implements AsyncDisposable {
  readonly #scratch: Scratch;

  private constructor(scratch: Scratch) {
    this.#scratch = scratch;
  }

  static async start(major?: number): Promise<Laboratory> {
    return new Laboratory(await startScratch(major === undefined ? {} : { major }));
  }

  /** Runs `schema` in a new database, then observes the statements of each file in turn. */
  async observe(
    schema: string,
    files: string | readonly string[],
    options: Partial<ObservedFile> & { readonly rows?: number; readonly limitMs?: number } = {},
  ): Promise<readonly Observed[]> {
    const database = await this.#scratch.createDatabase();
    await this.run(database.url, schema);
    const { rows = 50, limitMs, transaction = "statement", groups = [] } = options;
    await using observer = await Observer.open({
      url: database.url,
      rows,
      ...(limitMs === undefined ? {} : { limitMs }),
    });
    const observed: Observed[] = [];
    const parsed = await Promise.all(
      [files].flat().map(async (text, index) => {
        const file = `${index + 1}.sql`;
        return { file, statements: await parseSql(text, file) };
      }),
    );
    if (transaction === "deploy") await observer.startDeploy(parsed);
    for (const { file, statements } of parsed) {
      await observer.startFile({ file, statements, transaction, groups });
      for (const statement of statements) observed.push(await observer.run(statement));
      await observer.endFile();
    }
    return observed;
  }

  async run(url: string, sql: string): Promise<void> {
    await using session = await Session.open({ url, applicationName: "test" });
    await session.batch(sql);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#scratch.close();
  }
}

/** `table public.users AccessExclusive` … */
export function locksOf({ effect }: Observed): readonly string[] {
  return effect.locks.map(({ kind, relation, mode }) => `${kind} ${relation} ${mode}`);
}

/** `on-rows 23502` … */
export function failuresOf({ effect }: Observed): readonly string[] {
  return effect.failures.map(({ when, sqlState }) => `${when} ${sqlState}`);
}
