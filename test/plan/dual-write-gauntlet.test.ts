import { expect, it } from "vitest";
import { Session } from "../../src/pg/index.ts";
import { dualWriteStatements } from "../../src/plan/dual-writes/index.ts";
import { startScratch } from "../../src/scratch/index.ts";

/** Seconds that both releases write for; their backfill is killed all the while. */
const seconds = Number(process.env["LOCKSTEP_GAUNTLET_SECONDS"] ?? 4);
const accounts = 400;

const up = (old: string | null) => (old === null ? null : `N:${old.toUpperCase()}`);
const down = (made: string | null) => (made === null ? null : made.slice(2).toLowerCase());

interface Written {
  readonly id: number;
  readonly side: "old" | "new" | "insert-old" | "insert-new" | "delete";
  readonly value: string | null;
}

it(
  "eight writers of two releases and a backfill that is killed leave no row divergent",
  { timeout: (seconds + 60) * 1000 },
  async () => {
    await using scratch = await startScratch({ major: 18 });
    const { url } = await scratch.createDatabase();
    await using session = await Session.open({ url, applicationName: "set-up" });
    await session.query("CREATE SCHEMA lockstep");
    await session.query(
      "CREATE TABLE account (id serial PRIMARY KEY, name text, visits integer NOT NULL DEFAULT 0)",
    );
    await session.query(
      `INSERT INTO account (name) SELECT 'Name ' || n FROM generate_series(1, ${accounts}) n`,
    );
    // What became of a row, in the order in which its lock was held.
    await session.query(
      "CREATE TABLE written (seq bigserial PRIMARY KEY, id integer, side text, value text)",
    );
    await session.query("ALTER TABLE account ADD COLUMN label text");
    const { flag, start } = await dualWriteStatements({
      plan: "p1",
      table: { schema: "public", name: "account" },
      mappings: [
        {
          old: [{ name: "name", type: "text", from: "lower(substr(label, 3))", nullable: true }],
          new: [{ name: "label", type: "text", from: "'N:' || upper(name)", nullable: true }],
        },
      ],
      searchPath: ["public"],
    });
    for (const statement of start) await session.query(statement);

    const end = Date.now() + seconds * 1000;
    const log = (side: string) =>
      `INSERT INTO written (id, side, value) SELECT id, '${side}', $1::text FROM done`;
    const writer = async (release: "old" | "new", seed: number) => {
      await using own = await Session.open({ url, applicationName: release });
      const column = release === "old" ? "name" : "label";
      let written = 0;
      for (let turn = 0; Date.now() < end; turn++, written++) {
        const draw = (seed * 7919 + turn * 104_729) % 100;
        const id = (1 + ((seed * 31 + turn * 17) % (accounts + written / 8))) | 0;
        const text = `${release === "old" ? "" : "N:"}Mixed ${seed} ${turn}`;
        if (draw < 35)
          await own.query(
            `WITH done AS (UPDATE account SET ${column} = $1 WHERE id = $2 RETURNING id) ${log(release)}`,
            [text, id],
          );
        else if (draw < 80)
          await own.query("UPDATE account SET visits = visits + 1 WHERE id = $1", [id]);
        else if (draw < 90)
          await own.query(
            `WITH done AS (INSERT INTO account (${column}) VALUES ($1) RETURNING id) ${log(`insert-${release}`)}`,
            [text],
          );
        else
          await own.query(
            `WITH done AS (DELETE FROM account WHERE id = $2 RETURNING id) ${log("delete")}`,
            [null, id],
          );
      }
      return written;
    };
    let kills = 0;
    const backfill = async () => {
      for (let last = 0; ;) {
        await using own = await Session.open({ url, applicationName: "backfill" });
        try {
          for (;;) {
            const [batch] = await own.queryArrays(
              `WITH batch AS (SELECT id FROM account WHERE id > $1 AND ${flag} = 0 ORDER BY id LIMIT 5 FOR NO KEY UPDATE),
                    done AS (UPDATE account SET ${flag} = 1 FROM batch WHERE account.id = batch.id RETURNING account.id)
               SELECT max(id) FROM done, pg_sleep(0.01)`,
              [last],
            );
            const reached = batch?.[0];
            if (typeof reached !== "number") return;
            last = reached;
          }
        } catch (error) {
          // Killed in the middle of a statement, or between two.
          const { code = "57P01" } = error as { code?: string };
          if (code !== "57P01") throw error;
          last = 0;
        }
      }
    };
    const killer = async () => {
      while (Date.now() < end) {
        await session.query("SELECT pg_sleep(0.15)");
        const { rows } = await session.query(
          "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'backfill'",
        );
        kills += rows.length;
      }
    };
    const [, , ...counts] = await Promise.all([
      backfill(),
      killer(),
      ...[1, 2, 3, 4].map((seed) => writer("old", seed)),
      ...[5, 6, 7, 8].map((seed) => writer("new", seed)),
    ]);
    await backfill();

    const rows = new Map<number, { old: string | null; made: string | null }>();
    for (let id = 1; id <= accounts; id++)
      rows.set(id, { old: `Name ${id}`, made: up(`Name ${id}`) });
    const { rows: history } = await session.query<Written & { seq: string }>(
      "SELECT * FROM written ORDER BY seq",
    );
    for (const { id, side, value } of history) {
      if (side === "delete") rows.delete(id);
      else if (side.endsWith("old")) rows.set(id, { old: value, made: up(value) });
      else rows.set(id, { old: down(value), made: value });
    }
    const found = await session.query<{ id: number; old: string; made: string }>(
      `SELECT id, name AS old, label AS made FROM account ORDER BY id`,
    );
    expect(found.rows).toEqual(
      [...rows].sort(([a], [b]) => a - b).map(([id, row]) => ({ id, ...row })),
    );
    expect((await session.query(`SELECT 1 FROM account WHERE ${flag} = 0`)).rows).toEqual([]);
    const total = counts.reduce((sum, count) => sum + count, 0);
    process.stdout.write(`${total} writes, ${kills} kills, ${found.rows.length} rows\n`);
    expect(kills).toBeGreaterThan(0);
  },
);
