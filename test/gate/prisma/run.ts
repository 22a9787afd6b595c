import { introspect, qualifiedName } from "../../../src/catalog/index.ts";
import { buildContract } from "../../../src/contract/index.ts";
import { runGate } from "../../../src/gate/index.ts";
import { Session } from "../../../src/pg/index.ts";
import { compareFacts } from "../../../src/runtime/compare.ts";
import { queryOf } from "../../../src/runtime/connection.ts";
import { readFacts } from "../../../src/runtime/facts.ts";
import type { Scratch } from "../../../src/scratch/index.ts";
import { migratePrismaProject, prismaFiles, prismaProject } from "../../contract/prisma-project.ts";
import { randomFrom } from "../random.ts";
import { nestedPool, openPrisma, type Model } from "./client.ts";
import { drawChange, kindsOfChange } from "./mutations.ts";
import { PrismaOracle } from "./oracle.ts";
import { relations } from "./scenarios.ts";

export interface PrismaReport {
  readonly breaking: number;
  readonly harmless: number;
  readonly dataDependent: number;
  readonly kinds: number;
  readonly calls: number;
  /** Verdicts of the gate that the client contradicts. */
  readonly wrong: readonly Verdict[];
  /** Changes that the runtime module's own check judges otherwise than the gate. */
  readonly runtime: readonly Verdict[];
}

interface Verdict {
  readonly kind: string;
  readonly sql: readonly string[];
  readonly client: readonly string[];
  readonly gate: readonly string[];
}

/**
 * Draws single changes of a database that Prisma's migrations have made, each in a transaction that is rolled back, lets the real
 * client make an application's calls, and compares the gate's verdict.
 */
export async function runPrismaMutations(
  scratch: Scratch,
  {
    seed,
    count,
    kinds: drawn = kindsOfChange,
  }: { readonly seed: number; readonly count: number; readonly kinds?: readonly string[] },
): Promise<PrismaReport> {
  const database = await scratch.createDatabase();
  {
    await using session = await Session.open({ url: database.url, applicationName: "test" });
    await migratePrismaProject(session);
  }
  const contract = await buildContract({
    source: { kind: "prisma", schema: "schema" },
    release: "test",
    scratch,
    root: prismaProject,
  });
  const pool = await nestedPool(database.url);
  const prisma = openPrisma(prismaFiles(), pool);
  try {
    const oracle = await PrismaOracle.start(prisma, pool);
    const session = sessionOver(pool);
    const catalog = await introspect(session);
    const random = randomFrom(seed);
    const { models } = prisma.dmmf.datamodel;
    const kinds = new Set<string>();
    const wrong: Verdict[] = [];
    const runtime: Verdict[] = [];
    let breaking = 0;
    let harmless = 0;
    let dataDependent = 0;
    for (let done = 0; done < count;) {
      const change = drawChange(catalog, random, random.pick(drawn));
      if (change === undefined) continue;
      const around = modelsAround(change, models);
      await oracle.know(around);
      await pool.query("BEGIN");
      try {
        if (!(await applied(session, change.sql))) continue;
        done++;
        kinds.add(change.kind);
        const client = await oracle.broken(around);
        const { open, differences } = await runGate({
          contract,
          database: session,
          environment: "test",
          transaction: "caller",
        });
        const gate = differences.map(
          ({ severity, kind, object, found }) => `${severity} ${kind} ${object}: ${found}`,
        );
        const right =
          change.dataDependent === true ? open && gate.length > 0 : open === (client.length === 0);
        const verdict = { kind: change.kind, sql: change.sql, client: client.slice(0, 3), gate };
        if (!right) wrong.push(verdict);
        const facts = compareFacts(contract, await readFacts(queryOf(pool), contract, false));
        if ((facts.length === 0) !== open)
          runtime.push({
            ...verdict,
            client: facts.map(({ kind, object }) => `${kind} ${object}`),
          });
        if (change.dataDependent === true) dataDependent++;
        else if (client.length > 0) breaking++;
        else harmless++;
      } finally {
        await pool.query("ROLLBACK");
      }
    }
    return {
      breaking,
      harmless,
      dataDependent,
      kinds: kinds.size,
      calls: oracle.working,
      wrong,
      runtime,
    };
  } finally {
    await pool.end();
  }
}

/** The model of a table, those that refer to it and those it refers to; for the table of a relation, both its models. */
function modelsAround(
  { table, sql }: { readonly table: string; readonly sql: readonly string[] },
  models: readonly Model[],
): readonly Model[] {
  const isOwn = (model: Model) =>
    qualifiedName(model.schema ?? "public", model.dbName ?? model.name) === table;
  const own = models.filter(
    (model) =>
      isOwn(model) ||
      relations(model).some(
        ({ relationName }) =>
          table.endsWith(`_${relationName}`) || table.endsWith(`"_${relationName}"`),
      ),
  );
  const names = new Set(own.flatMap((model) => relations(model).map(({ type }) => type)));
  const views = models.filter(({ name }) => name === "PopularPost");
  const enums = sql.some((one) => one.startsWith("ALTER TYPE"))
    ? models.filter(({ fields }) => fields.some(({ kind }) => kind === "enum"))
    : [];
  return [
    ...new Set([...own, ...models.filter(({ name }) => names.has(name)), ...views, ...enums]),
  ];
}

type Pool = Awaited<ReturnType<typeof nestedPool>>;

function sessionOver(pool: Pool): Session {
  const batch = async (text: string) => {
    const result: unknown = await pool.query(text);
    return Array.isArray(result) ? result : [result];
  };
  const query = (text: string, values?: unknown[]) => pool.query(text, values);
  return { query, batch } as unknown as Session;
}

/** False when the server refuses the change, e.g. because the column is part of something else. */
async function applied(session: Session, sql: readonly string[]): Promise<boolean> {
  try {
    await session.batch(sql.join(";\n"));
    return true;
  } catch {
    return false;
  }
}
