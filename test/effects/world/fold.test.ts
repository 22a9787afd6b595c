import { readdirSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createWorld, fold, readWorld } from "../../../src/effects/index.ts";
import { Session } from "../../../src/pg/index.ts";
import { startScratch, type Scratch } from "../../../src/scratch/index.ts";
import { parseSql } from "../../../src/sql/index.ts";
import { differences } from "./comparable.ts";

interface Section {
  readonly title: string;
  readonly first: number;
  readonly last: number;
  readonly sql: string;
}

/** Sections of test/effects/world/sql/*.sql: `-- section: title`, and perhaps `-- pg: first-last`. */
function readSections(): readonly Section[] {
  const folder = new URL("sql/", import.meta.url);
  return readdirSync(folder)
    .filter((file) => file.endsWith(".sql"))
    .flatMap((file) =>
      readFileSync(new URL(file, folder), "utf8")
        .split(/^-- section: /m)
        .slice(1),
    )
    .map((text) => {
      const [title = "", ...lines] = text.split("\n");
      const versions = /^-- pg: (\d+)-(\d+)$/.exec(lines[0] ?? "");
      return {
        title,
        first: Number(versions?.[1] ?? 14),
        last: Number(versions?.[2] ?? 18),
        sql: lines.join("\n"),
      };
    });
}

const sections = readSections();

const isFull = process.env["LOCKSTEP_TEST_MAJORS"] !== undefined;

describe.each([14, 18])("after each statement the folded world is that of Postgres %i", (major) => {
  let scratch: Scratch;

  beforeAll(async () => {
    scratch = await startScratch({ major });
  }, 60_000);

  afterAll(async () => {
    await scratch?.close();
  });

  // On the oldest major every second one that the newest has too; all where `LOCKSTEP_TEST_MAJORS` names any.
  const tried = sections.filter(
    ({ first, last }, n) =>
      first <= major && major <= last && (major === 18 || last < 18 || n % 2 === 0 || isFull),
  );
  test.each(tried)(
    "$title",
    async ({ sql, title }) => {
      const database = await scratch.createDatabase();
      const session = await Session.open({ url: database.url, applicationName: "world-test" });
      try {
        const { server } = await readWorld(session);
        const world = createWorld({ major, complete: true, ...(server && { server }) });
        for (const statement of await parseSql(sql, title)) {
          await session.query(statement.sql);
          fold(statement, world);
          expect(differences(await readWorld(session), world), statement.sql).toEqual([]);
        }
      } finally {
        await session.close();
      }
    },
    60_000,
  );
});
