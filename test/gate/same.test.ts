import { spawnSync } from "node:child_process";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { introspect } from "../../src/catalog/index.ts";
import { buildContract, contractParts, type Contract } from "../../src/contract/index.ts";
import { runGate } from "../../src/gate/index.ts";
import { Session } from "../../src/pg/index.ts";
import { startScratch, supportedMajors, type Scratch } from "../../src/scratch/index.ts";
import { makeSchema } from "./rich-schema.ts";

/** The rich schema with what Postgres prints in more than one way. */
const ddl = [
  ...makeSchema(12, 40).ddl,
  `CREATE TABLE printed (
    id int PRIMARY KEY, code varchar(9) CHECK (code IN ('a', 'b')), a int, b int, c int,
    CHECK (a > 0 AND b > 0 AND (c > 0 OR c < -1)), CHECK (code NOT IN ('x', 'y') OR a BETWEEN 1 AND 9),
    at timestamptz DEFAULT CURRENT_TIMESTAMP, day date DEFAULT CURRENT_DATE + 1,
    label text DEFAULT 'it''s'::varchar, span interval DEFAULT '1 day'::interval,
    joined text GENERATED ALWAYS AS (lower(code::text) || '-' || a::text) STORED)`,
  "CREATE UNIQUE INDEX printed_part ON printed (a, (lower(code))) WHERE code IN ('a', 'b') AND b > 0",
  "CREATE INDEX printed_desc ON printed (a DESC NULLS LAST, b) WHERE c IS NOT NULL",
  "CREATE VIEW printed_view AS SELECT id, code FROM printed WHERE code = 'a'",
];

/** A major that the pg_dump of this machine can dump; undefined without one. */
const dumpable = (() => {
  const { stdout } = spawnSync("pg_dump", ["--version"], { encoding: "utf8" });
  const version = Number(/ (\d+)\./.exec(stdout ?? "")?.[1]);
  return supportedMajors.findLast((major) => major <= version);
})();

let newest: Scratch;
let contract: Contract;

async function load(scratch: Scratch): Promise<Session> {
  const { url } = await scratch.createDatabase();
  const session = await Session.open({ url, applicationName: "test" });
  await session.batch(ddl.join(";\n"));
  return session;
}

async function capture(session: Session, scratch: Scratch): Promise<Contract> {
  const catalog = await introspect(session, { parts: contractParts });
  return buildContract({ source: { kind: "catalog", catalog }, release: "v1", scratch, root: "." });
}

beforeAll(async () => {
  newest = await startScratch();
  await using session = await load(newest);
  contract = await capture(session, newest);
});

afterAll(async () => newest.close());

describe("a database with the same schema", () => {
  it.each(supportedMajors)(
    "fits without a word on Postgres %i, wherever the contract was made",
    async (major) => {
      await using scratch = await startScratch({ major });
      await using session = await load(scratch);
      const here = await capture(session, scratch);
      for (const wanted of [contract, here]) {
        const { differences } = await runGate({
          contract: wanted,
          database: session,
          environment: "test",
        });
        expect(differences).toEqual([]);
      }
      await using elsewhere = await load(newest);
      const back = await runGate({ contract: here, database: elsewhere, environment: "test" });
      expect(back.differences).toEqual([]);
    },
  );

  if (dumpable !== undefined)
    it("fits without a word after a dump and a restore", async () => {
      await using scratch = await startScratch({ major: dumpable });
      await using session = await load(scratch);
      const here = await capture(session, scratch);
      const { rows } = await session.query<{ name: string }>("SELECT current_database() AS name");
      const source = new URL(scratch.url);
      source.pathname = `/${rows[0]!.name}`;
      const dump = spawnSync("pg_dump", ["--schema-only", source.toString()], { encoding: "utf8" });
      const restored = await scratch.createDatabase();
      const restore = spawnSync("psql", ["-X", "-q", "-v", "ON_ERROR_STOP=1", restored.url], {
        input: dump.stdout,
        encoding: "utf8",
      });
      expect(restore.stderr).toBe("");
      await using copy = await Session.open({ url: restored.url, applicationName: "test" });
      const { differences } = await runGate({
        contract: here,
        database: copy,
        environment: "test",
      });
      expect(differences).toEqual([]);
    });
});
