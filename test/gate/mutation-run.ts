import pg from "pg";
import { introspect } from "../../src/catalog/index.ts";
import { buildContract, contractParts } from "../../src/contract/index.ts";
import type { Scratch } from "../../src/scratch/index.ts";
import { judgeChanges, sessionOver, type JudgedReport } from "./judge.ts";
import { drawMutation } from "./mutations.ts";
import { Oracle } from "./oracle.ts";
import { randomFrom } from "./random.ts";
import { makeSchema } from "./rich-schema.ts";

/** Draws single changes of a made-up schema and judges them by the statements of code that was written for it. */
export async function runMutations(
  scratch: Scratch,
  options: { readonly seed: number; readonly tables: number; readonly count: number },
): Promise<JudgedReport & { readonly scenarios: number }> {
  const database = await scratch.createDatabase();
  const client = new pg.Client(database.url);
  await client.connect();
  try {
    const session = sessionOver(client);
    const schema = makeSchema(options.seed, options.tables);
    await session.batch(schema.ddl.join(";\n"));
    const oracle = await Oracle.start(client, schema);
    const contract = await buildContract({
      source: { kind: "catalog", catalog: await introspect(session, { parts: contractParts }) },
      release: "test",
      scratch,
      root: ".",
    });
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
