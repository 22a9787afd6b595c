import pg from "pg";
import { describe, expect, it } from "vitest";
import { introspect } from "../../src/catalog/index.ts";
import { buildContract, contractParts } from "../../src/contract/index.ts";
import { installLedger, recordFit, stampCatalog, type ObjectName } from "../../src/ledger/index.ts";
import { Session } from "../../src/pg/index.ts";
import { startScratch, supportedMajors } from "../../src/scratch/index.ts";
import type { Mutation } from "../gate/mutation.ts";
import { drawOfEachKind } from "../gate/mutations.ts";
import { randomFrom } from "../gate/random.ts";
import { makeSchema } from "../gate/rich-schema.ts";

/** Changes that touch no row a contract is about: the quick check may go on saying that nothing changed. */
const beside = new Set([
  "add table",
  "add child table",
  "add view over it",
  "add trigger that does nothing",
  "analyze",
  "comment on column",
  "comment on table",
  "extended statistics",
  "rename index",
]);

/** Changes that must leave the quick check undisturbed, or it would rarely be quick. */
const quiet = ["add table", "analyze", "comment on column", "comment on table", "add view over it"];

/** Other lines of Node try one (scripts/node-lines.mjs). */
const majors = process.env["LOCKSTEP_TEST_MAJORS"]?.split(",").map(Number) ?? supportedMajors;

describe.each(majors)("the quick check on Postgres %i", (major) => {
  it("never says that nothing changed when DDL has been committed", async () => {
    await using scratch = await startScratch({ major });
    const { url } = await scratch.createDatabase();
    await using session = await Session.open({ url, applicationName: "test" });
    const schema = makeSchema(major, 64);
    await session.batch(schema.ddl.join(";\n"));
    const catalog = await introspect(session, { parts: contractParts, schemas: ["public"] });
    const contract = await buildContract({
      source: { kind: "catalog", catalog },
      release: "test",
      scratch,
      root: ".",
    });
    await installLedger(session);
    const reader = new pg.Client(url);
    await reader.connect();
    const unchanged = async () => {
      const { rows } = await reader.query<{ same: boolean }>(
        "SELECT lockstep.is_verified($1, current_schemas(false)::text[]) AS same",
        [contract.hash],
      );
      return rows[0]!.same;
    };
    const tried: string[] = [];
    const missed: string[] = [];
    const disturbed: string[] = [];
    for (const mutation of drawOfEachKind(schema, randomFrom(major), major)) {
      // A table that was renamed or dropped before is no longer one that the contract names.
      if (!(await allThere(session, mutation.tables))) continue;
      const stamp = await stampCatalog(session, {
        relations: contract.tables.map(named),
        types: [...contract.enums, ...contract.domains].map(named),
      });
      await recordFit(session, contract.hash, stamp!);
      expect(await unchanged(), mutation.kind).toBe(true);
      if (!(await commit(session, mutation))) continue;
      tried.push(mutation.kind);
      const same = await unchanged();
      if (same && !beside.has(mutation.kind)) missed.push(mutation.kind);
      if (!same && quiet.includes(mutation.kind)) disturbed.push(mutation.kind);
    }
    await reader.end();
    expect(missed).toEqual([]);
    expect(disturbed).toEqual([]);
    expect(tried.length).toBeGreaterThan(60);
  });
});

function named({ schema, name }: ObjectName): ObjectName {
  return { schema, name };
}

async function allThere(session: Session, tables: ReadonlySet<string>): Promise<boolean> {
  const { rows } = await session.query<{ gone: number }>(
    "SELECT count(*)::int AS gone FROM unnest($1::text[]) AS name WHERE to_regclass(format('%I', name)) IS NULL",
    [[...tables]],
  );
  return rows[0]!.gone === 0;
}

/** False when the change does not go together with those made before it. */
async function commit(session: Session, { sql }: Mutation): Promise<boolean> {
  try {
    await session.batch(["BEGIN", ...sql, "COMMIT"].join(";\n"));
    return true;
  } catch {
    await session.query("ROLLBACK");
    return false;
  }
}
