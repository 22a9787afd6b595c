import {
  createWorld,
  fold,
  Observer,
  predict,
  SimulatedSession,
  type World,
} from "../../src/effects/index.ts";
import {
  evaluateFile,
  rules,
  type EvaluatedFile,
  type FileToEvaluate,
} from "../../src/rules/index.ts";
import { Session } from "../../src/pg/index.ts";
import type { Scratch } from "../../src/scratch/index.ts";
import { parseSql } from "../../src/sql/index.ts";
import type { RuleCase } from "./support-cases.ts";

const file = "migration.sql";

/** A case, or something run in its place. */
export type Evaluated = Pick<
  RuleCase,
  "rule" | "transaction" | "runnerSetsTimeouts" | "sizes" | "base" | "migration"
>;

/** The findings of a case with predicted effects, on a catalog folded from its base. */
export async function evaluateStatic(one: Evaluated, major: number): Promise<EvaluatedFile> {
  return evaluateFile({
    ...(await common(one, major)),
    effectOf: (question) => ({
      effect: predict(question),
      source: { kind: "predicted", major },
    }),
  });
}

/** The findings of a case whose statements are run on a database of `scratch` that holds its base. */
export async function evaluateObserved(one: Evaluated, scratch: Scratch): Promise<EvaluatedFile> {
  const database = await scratch.createDatabase();
  try {
    await runSql(database.url, one.base);
    const input = await common(one, scratch.major);
    await using observer = await Observer.open({ url: database.url });
    await observer.startFile(input);
    const result = await evaluateFile({
      ...input,
      effectOf: ({ statement }) => observer.run(statement),
    });
    await observer.endFile();
    return result;
  } finally {
    await database.drop();
  }
}

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
    config: { severity: { [one.rule]: "on" } },
  };
}

async function worldOf(base: string, major: number): Promise<World> {
  const world = createWorld({ major, complete: true });
  for (const statement of await parseSql(base, "base.sql")) fold(statement, world);
  return world;
}

/** Runs SQL text statement by statement, each committing by itself. */
export async function runSql(url: string, text: string): Promise<void> {
  const session = await Session.open({ url, applicationName: "test" });
  try {
    for (const { sql } of await parseSql(text, "test.sql")) await session.query(sql);
  } finally {
    await session.close();
  }
}
