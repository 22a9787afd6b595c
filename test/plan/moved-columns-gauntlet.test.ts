import { expect, it } from "vitest";
import { Session } from "../../src/pg/index.ts";
import { startScratch } from "../../src/scratch/index.ts";
import { planOf, runStep } from "./operation-harness.ts";

/** Writes of each release. */
const wanted = Number(process.env["LOCKSTEP_GAUNTLET_WRITES"] ?? 2000);

const major = Number(process.env["LOCKSTEP_GAUNTLET_MAJOR"] ?? 18);

const base = `
CREATE TABLE account (id bigint PRIMARY KEY, bio text, visits integer NOT NULL DEFAULT 0);
INSERT INTO account SELECT n, CASE WHEN n % 3 > 0 THEN 'Bio ' || n END FROM generate_series(1, 24) n;
`;

const naive = `
CREATE TABLE profile (account bigint PRIMARY KEY REFERENCES account ON DELETE CASCADE, bio text, theme integer NOT NULL DEFAULT 0);
INSERT INTO profile SELECT id, bio FROM account WHERE bio IS NOT NULL;
ALTER TABLE account DROP COLUMN bio;
`;

interface Written {
  readonly id: string;
  readonly what: keyof typeof statements;
  readonly value: string | null;
}

/** Rows 1 to 8 are always there; those behind them come and go. */
const statements = {
  "old sets": {
    odds: 30,
    sql: "UPDATE account SET bio = $1, visits = visits + 1 WHERE id = $2 RETURNING id",
  },
  "old empties": { odds: 10, sql: "UPDATE account SET bio = NULL WHERE id = $2 RETURNING id" },
  "old puts": {
    odds: 10,
    sql: "INSERT INTO account (id, bio) VALUES ($2, $1) ON CONFLICT (id) DO UPDATE SET bio = EXCLUDED.bio RETURNING id",
  },
  "old visits": {
    odds: 10,
    sql: "UPDATE account SET visits = visits + 1 WHERE id = $2 RETURNING id",
  },
  "old deletes": { odds: 5, sql: "DELETE FROM account WHERE id = $2 AND id > 8 RETURNING id" },
  "new sets": {
    odds: 30,
    sql: "UPDATE profile SET bio = $1 WHERE account = $2 RETURNING account AS id",
  },
  "new themes": {
    odds: 15,
    sql: "UPDATE profile SET theme = theme + 1 WHERE account = $2 RETURNING account AS id",
  },
  "new puts": {
    odds: 15,
    sql: "INSERT INTO profile (account, bio) VALUES (1 + $2 % 8, $1) ON CONFLICT (account) DO UPDATE SET bio = EXCLUDED.bio RETURNING account AS id",
  },
  "new deletes": {
    odds: 10,
    sql: "DELETE FROM profile WHERE account = $2 RETURNING account AS id",
  },
} as const;

interface Account {
  bio: string | null;
  profile: { theme: number; isOfNew: boolean } | undefined;
}

it(
  "T9, T10: writers of two releases, each of its own table, never meet a deadlock and leave no row divergent",
  { timeout: 600_000 },
  async () => {
    await using scratch = await startScratch({ major });
    const { plan } = await planOf(scratch, base, naive);
    const { url } = await scratch.createDatabase();
    await using session = await Session.open({ url, applicationName: "set-up" });
    await session.batch(`${base}; CREATE SCHEMA lockstep`);
    // What became of a row, in the order in which its lock was held.
    await session.query(
      "CREATE TABLE written (seq bigserial PRIMARY KEY, id bigint, what text, value text)",
    );
    for (const step of plan!.expand) await runStep(session, step);

    const writer = async (release: "old" | "new", seed: number) => {
      await using own = await Session.open({ url, applicationName: release });
      const drawn = Object.entries(statements)
        .filter(([what]) => what.startsWith(release))
        .flatMap(([what, { odds, sql }]) => Array.from({ length: odds }, () => ({ what, sql })));
      let state = seed * 7919;
      for (let turn = 0; turn < wanted / 4; turn++) {
        state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
        const { what, sql } = drawn[(state >> 8) % drawn.length]!;
        // The statement in front is longer than its parameters: each has a type, whether it is used or not.
        await own.query(
          `WITH given AS (SELECT $1::text, $2::bigint), done AS (${sql})
           INSERT INTO written (id, what, value) SELECT id, $3, $1 FROM done`,
          [`${seed} ${turn}`, 1 + ((state >> 16) % 12), what],
        );
      }
    };
    const fill = async () => {
      const [step] = plan!.backfill;
      if (step?.kind !== "fill") throw new Error("the first step of the backfill is no fill");
      for (let id = 1; id <= 24; id++)
        await session.query(
          `UPDATE account AS t SET ${step.set} WHERE ${step.todo} AND t.id = ${id}`,
        );
    };
    await Promise.all([
      fill(),
      ...[1, 2, 3, 4].map((seed) => writer("old", seed)),
      ...[5, 6, 7, 8].map((seed) => writer("new", seed)),
    ]);

    const accounts = new Map<number, Account>();
    for (let id = 1; id <= 24; id++)
      accounts.set(id, {
        bio: id % 3 > 0 ? `Bio ${id}` : null,
        profile: id % 3 > 0 ? { theme: 0, isOfNew: false } : undefined,
      });
    const { rows: history } = await session.query<Written>(
      "SELECT id::text, what, value FROM written ORDER BY seq",
    );
    for (const { id, what, value } of history) {
      const account = accounts.get(Number(id)) ?? { bio: null, profile: undefined };
      accounts.set(Number(id), account);
      if (what === "old deletes") accounts.delete(Number(id));
      else if (what === "old sets" || what === "old puts") {
        account.bio = value;
        account.profile ??= { theme: 0, isOfNew: false };
      } else if (what === "old empties") {
        account.bio = null;
        if (account.profile?.isOfNew === false) account.profile = undefined;
      } else if (what === "new deletes") Object.assign(account, { bio: null, profile: undefined });
      else if (what !== "old visits") {
        const { theme = 0 } = account.profile ?? {};
        account.profile = { theme: what === "new themes" ? theme + 1 : theme, isOfNew: true };
        if (what !== "new themes") account.bio = value;
      }
    }
    const found = await session.queryArrays(
      `SELECT a.id::integer, a.bio, p.account IS NOT NULL, p.bio, p.theme
         FROM account a LEFT JOIN profile p ON p.account = a.id ORDER BY a.id`,
    );
    expect(found).toEqual(
      [...accounts]
        .sort(([one], [other]) => one - other)
        .map(([id, { bio, profile }]) =>
          profile === undefined
            ? [id, bio, false, null, null]
            : [id, bio, true, bio, profile.theme],
        ),
    );
    process.stdout.write(
      `${history.length} rows written by ${wanted} statements of each release\n`,
    );
    for (const step of plan!.contract) await runStep(session, step);
    expect(
      await session.queryArrays("SELECT account::integer, bio, theme FROM profile ORDER BY 1"),
    ).toEqual(
      found.filter(([, , has]) => has === true).map(([id, bio, , , theme]) => [id, bio, theme]),
    );
  },
);
