import pg from "pg";
import { introspect } from "../../src/catalog/index.ts";
import { buildContract, contractParts } from "../../src/contract/index.ts";
import { runGate } from "../../src/gate/index.ts";
import type { Session } from "../../src/pg/index.ts";
import { compareFacts } from "../../src/runtime/compare.ts";
import { queryOf } from "../../src/runtime/connection.ts";
import { readFacts } from "../../src/runtime/facts.ts";
import type { Scratch } from "../../src/scratch/index.ts";
import type { Mutation } from "./mutation.ts";
import { drawMutation } from "./mutations.ts";
import { Oracle } from "./oracle.ts";
import { randomFrom } from "./random.ts";
import { makeSchema } from "./rich-schema.ts";

export interface MutationReport {
  readonly breaking: number;
  readonly harmless: number;
  /** Kinds whose verdict depends on the rows, with how often they were drawn and really broke. */
  readonly dataDependent: Readonly<
    Record<string, { readonly drawn: number; readonly broke: number }>
  >;
  readonly kinds: Readonly<Record<string, number>>;
  readonly scenarios: number;
  /** Changes that the runtime module's own check judges otherwise than the gate. */
  readonly runtime: readonly {
    readonly kind: string;
    readonly sql: readonly string[];
    readonly runtime: readonly string[];
    readonly gate: readonly string[];
  }[];
  /** Verdicts of the gate that the oracle contradicts. */
  readonly wrong: readonly {
    readonly kind: string;
    readonly sql: readonly string[];
    readonly oracle: readonly string[];
    readonly gate: readonly string[];
  }[];
}

/**
 * Draws single changes of a live schema, each in a transaction that is rolled back, asks the oracle whether the
 * contract's code breaks, and compares the gate's verdict.
 */
export async function runMutations(
  scratch: Scratch,
  options: { readonly seed: number; readonly tables: number; readonly count: number },
): Promise<MutationReport> {
  const database = await scratch.createDatabase();
  const client = new pg.Client(database.url);
  await client.connect();
  try {
    return await mutate(client, scratch, options);
  } finally {
    await client.end();
  }
}

/** The oracle reads values as they come over the wire, which a Session keeps to itself. */
function sessionOver(client: pg.Client): Session {
  const batch = async (text: string) => {
    const result: unknown = await client.query(text);
    return Array.isArray(result) ? result : [result];
  };
  const query = (text: string, values?: unknown[]) => client.query(text, values);
  return { query, batch } as unknown as Session;
}

async function mutate(
  client: pg.Client,
  scratch: Scratch,
  options: { readonly seed: number; readonly tables: number; readonly count: number },
): Promise<MutationReport> {
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
  const kinds: Record<string, number> = {};
  const dataDependent: Record<string, { drawn: number; broke: number }> = {};
  const wrong: MutationReport["wrong"][number][] = [];
  const otherwise: MutationReport["runtime"][number][] = [];
  let breaking = 0;
  let harmless = 0;
  for (let done = 0; done < options.count;) {
    const mutation = drawMutation(schema, random, scratch.major);
    if (mutation === undefined) continue;
    await session.query("BEGIN");
    try {
      if (!(await apply(session, mutation))) continue;
      done++;
      kinds[mutation.kind] = (kinds[mutation.kind] ?? 0) + 1;
      const broken = await oracle.broken(mutation.tables);
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
        mutation.dataDependent === true
          ? open && differences.length > 0
          : open === (broken.length === 0);
      if (!right) wrong.push({ kind: mutation.kind, sql: mutation.sql, oracle: broken, gate });
      const facts = await readFacts(queryOf(client), contract, false);
      const found = compareFacts(contract, facts).map(({ kind, object }) => `${kind} ${object}`);
      if ((found.length === 0) !== open)
        otherwise.push({ kind: mutation.kind, sql: mutation.sql, runtime: found, gate });
      if (mutation.dataDependent === true) {
        const row = (dataDependent[mutation.kind] ??= { drawn: 0, broke: 0 });
        row.drawn++;
        if (broken.length > 0) row.broke++;
      } else if (broken.length > 0) breaking++;
      else harmless++;
    } finally {
      await session.query("ROLLBACK");
    }
  }
  return {
    runtime: otherwise,
    breaking,
    harmless,
    dataDependent,
    kinds,
    scenarios: oracle.working,
    wrong,
  };
}

/** False when the server refuses the change, e.g. because the column is part of something else. */
async function apply(session: Session, mutation: Mutation): Promise<boolean> {
  try {
    await session.batch(mutation.sql.join(";\n"));
    return true;
  } catch {
    return false;
  }
}
