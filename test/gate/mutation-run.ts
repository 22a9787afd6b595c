import pg from "pg";
import { introspect } from "../../src/catalog/index.ts";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  buildContract,
  contractParts,
  queryFileText,
  recordedQueries,
  type Contract,
} from "../../src/contract/index.ts";
import type { Session } from "../../src/pg/index.ts";
import type { MigrationFolder } from "../../src/tools/index.ts";
import type { Scratch } from "../../src/scratch/index.ts";
import { judgeChanges, sessionOver, type JudgedReport } from "./judge.ts";
import { drawMutation } from "./mutations.ts";
import { Oracle } from "./oracle.ts";
import { randomFrom } from "./random.ts";
import { makeSchema } from "./rich-schema.ts";

/** Draws single changes of a made-up schema and judges them by the statements of code that was written for it. */
export async function runMutations(
  scratch: Scratch,
  options: {
    readonly seed: number;
    readonly tables: number;
    readonly count: number;
    /** What the contract is made from: the catalog, or the texts of the statements that the code sends. */
    readonly from?: "catalog" | "queries";
  },
): Promise<JudgedReport & { readonly scenarios: number }> {
  const database = await scratch.createDatabase();
  const client = new pg.Client(database.url);
  await client.connect();
  try {
    const session = sessionOver(client);
    const schema = makeSchema(options.seed, options.tables);
    await session.batch(schema.ddl.join(";\n"));
    const oracle = await Oracle.start(client, schema);
    const contract =
      options.from === "queries"
        ? await fromQueries(oracle.statements, schema.ddl.join(";\n"), scratch)
        : await fromCatalog(session, scratch);
    const random = randomFrom(options.seed * 7919);
    const report = await judgeChanges({
      contract,
      connection: client,
      count: options.count,
      draw: () => drawMutation(schema, random, scratch.major),
      broken: ({ tables }) => oracle.broken(tables),
    });
    return { ...report, scenarios: oracle.working };
  } finally {
    await client.end();
  }
}

async function fromCatalog(session: Session, scratch: Scratch): Promise<Contract> {
  const catalog = await introspect(session, { parts: contractParts });
  return buildContract({
    source: { kind: "catalog", catalog },
    release: "test",
    scratch,
    root: ".",
  });
}

/** As `contract record` would make it, had it heard the code's statements. */
async function fromQueries(
  statements: readonly string[],
  ddl: string,
  scratch: Scratch,
): Promise<Contract> {
  const folder = {
    path: "migrations",
    tool: "sql",
    migrations: [{ id: "1", file: "1.sql", sql: ddl }],
  } as unknown as MigrationFolder;
  const heard = statements.map((sql) => ({ sql, places: [] }));
  const { queries, leftOut } = await recordedQueries(heard, folder, scratch);
  if (leftOut.length > 0) throw new Error(`${leftOut[0]!.why}: ${leftOut[0]!.sql}`);
  const place = mkdtempSync(join(tmpdir(), "lockstep-queries-"));
  try {
    writeFileSync(join(place, "queries.sql"), queryFileText(queries, "the code"));
    return await buildContract({
      source: { kind: "queries", files: ["queries.sql"], folder },
      release: "test",
      scratch,
      root: place,
    });
  } finally {
    rmSync(place, { recursive: true });
  }
}
