import { introspect, qualifiedName } from "../../../src/catalog/index.ts";
import { buildContract } from "../../../src/contract/index.ts";
import { Session } from "../../../src/pg/index.ts";
import type { Scratch } from "../../../src/scratch/index.ts";
import { migratePrismaProject, prismaFiles, prismaProject } from "../../contract/prisma-project.ts";
import { drawChange, kindsOfChange, type Change } from "../catalog-mutations.ts";
import { judgeChanges, sessionOver, type JudgedReport } from "../judge.ts";
import { randomFrom } from "../random.ts";
import { nestedPool, openPrisma, type Model } from "./client.ts";
import { prismaOracle } from "./oracle.ts";
import { relations } from "./scenarios.ts";

/** Draws single changes of a database that Prisma's migrations have made, and judges them by an application's calls of the real client. */
export async function runPrismaMutations(
  scratch: Scratch,
  {
    seed,
    count,
    kinds = kindsOfChange,
  }: { readonly seed: number; readonly count: number; readonly kinds?: readonly string[] },
): Promise<JudgedReport & { readonly calls: number }> {
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
    const oracle = await prismaOracle(prisma, pool);
    const catalog = await introspect(sessionOver(pool));
    const random = randomFrom(seed);
    const around = (change: Change) => modelsAround(change, prisma.dmmf.datamodel.models);
    const report = await judgeChanges({
      contract,
      connection: pool,
      count,
      draw: () => drawChange(catalog, random, random.pick(kinds)),
      prepare: (change) => oracle.know(around(change)),
      broken: (change) => oracle.broken(around(change)),
    });
    return { ...report, calls: oracle.working };
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
