import { describe, expect, test } from "vitest";
import { startPredicting } from "../../../src/effects/predict/index.ts";
import { copyWorld, fold } from "../../../src/effects/world/index.ts";
import { Session, sqlState } from "../../../src/pg/index.ts";
import { startScratch } from "../../../src/scratch/index.ts";
import { parseSql } from "../../../src/sql/index.ts";
import { baseSql } from "../matrix/support.ts";
import { idsIn, inTransaction, worldOf } from "./support.ts";

/** Files whose last statement uses an enum label, each in one transaction. */
const files = {
  "a label of the type": "UPDATE people SET feels = 'ok' WHERE id = 1",
  "no label of the type": "UPDATE people SET feels = 'great' WHERE id = 1",
  "no label, cast": "SELECT 'great'::mood",
  "no label, compared": "SELECT * FROM people p WHERE p.feels IN ('ok', 'great')",
  "a text that is no label": "UPDATE people SET nick = 'great' WHERE feels = 'ok'",
  "added and written":
    "ALTER TYPE mood ADD VALUE 'great'; INSERT INTO people (id, feels) VALUES (900001, 'great')",
  "added and used as a default":
    "ALTER TYPE mood ADD VALUE 'great'; ALTER TABLE people ALTER COLUMN feels SET DEFAULT 'great'",
  "added and used by a new column":
    "ALTER TYPE mood ADD VALUE 'great'; ALTER TABLE people ADD COLUMN felt mood DEFAULT 'great'",
  "added, another one used":
    "ALTER TYPE mood ADD VALUE 'great'; UPDATE people SET feels = 'sad' WHERE id = 1",
  "there already, added if not": "ALTER TYPE mood ADD VALUE IF NOT EXISTS 'ok'; SELECT 'ok'::mood",
  "renamed and used": "ALTER TYPE mood RENAME VALUE 'ok' TO 'fine'; SELECT 'fine'::mood",
  "of a type made before": "CREATE TYPE size AS ENUM ('s'); SELECT 's'::size",
  "added to a type made before":
    "CREATE TYPE size AS ENUM ('s'); ALTER TYPE size ADD VALUE 'm'; SELECT 'm'::size",
} as const;

describe.each([14, 16, 17, 18])("on %i", async (major) => {
  const world = await worldOf(baseSql, major);

  test("labels fail as they do on a server", async () => {
    await using scratch = await startScratch({ major });
    const database = await scratch.createDatabase();
    await using session = await Session.open({ url: database.url, applicationName: "labels" });
    await session.batch(baseSql);
    for (const [name, file] of Object.entries(files)) {
      const folded = copyWorld(world);
      const predict = startPredicting();
      let foretold: string | undefined;
      for (const statement of await parseSql(file, name)) {
        const input = {
          statement,
          world: folded,
          existing: idsIn(folded),
          session: inTransaction,
        };
        const { failures } = predict(input);
        foretold ??= failures.find(({ when }) => when !== "on-rows")?.sqlState;
        fold(statement, folded);
      }
      await session.query("BEGIN");
      let measured: string | undefined;
      try {
        await session.query(file);
      } catch (error) {
        measured = sqlState(error);
      }
      await session.query("ROLLBACK");
      expect(foretold, name).toBe(measured);
    }
  });
});
