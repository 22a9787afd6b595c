import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { introspect } from "../../../src/catalog/index.ts";
import { Session } from "../../../src/pg/index.ts";
import { sharingOf, type Sharing } from "../../../src/plan/operations/change-type/sharing.ts";
import { startScratch, type Scratch } from "../../../src/scratch/index.ts";

/** Statements of a release, their parameters typed by the server, as node-postgres sends them. */
const statements: readonly (readonly [string, number])[] = [
  ["SELECT c FROM t WHERE id = 1", 0],
  ["SELECT id FROM t WHERE c = $1 ORDER BY id", 1],
  ["SELECT id FROM t WHERE c = ANY($1) ORDER BY id", 2],
  ["SELECT id FROM t WHERE c IS DISTINCT FROM $1 ORDER BY id", 1],
  ["SELECT count(*) FROM t WHERE c IN ($1, $1)", 1],
  ["INSERT INTO t (id, c) VALUES (7, $1) RETURNING c", 1],
  [
    "INSERT INTO t (id, c) VALUES (1, $1) ON CONFLICT (id) DO UPDATE SET c = EXCLUDED.c RETURNING c",
    1,
  ],
  ["UPDATE t SET c = $1 WHERE id = 2 RETURNING c", 1],
];

/** What a type's own operators and functions give, which not every release uses. */
const operators: Readonly<Record<string, readonly string[]>> = {
  integer: [
    "SELECT c + 1, c * 2, c / 2, -c FROM t ORDER BY id",
    "SELECT id FROM t ORDER BY c, id",
    "SELECT sum(c) FROM t",
  ],
  numeric: ["SELECT c + 1 FROM t ORDER BY id", "SELECT id FROM t ORDER BY c, id"],
  text: [
    "SELECT id FROM t WHERE c LIKE 'a%' ORDER BY id",
    "SELECT c || 'x' FROM t ORDER BY id",
    "SELECT id FROM t ORDER BY c, id",
  ],
  enum: ["SELECT c::mood FROM t ORDER BY id", "SELECT id FROM t WHERE c = 'sad'::mood ORDER BY id"],
};

interface Conversion {
  readonly from: string;
  readonly to: string;
  readonly using?: string;
  readonly values: readonly string[];
  readonly uses: readonly string[];
}

const numbers = ["3", "7", "40"];
const words = ["ok", "sad", "angry"];
const conversions: readonly Conversion[] = [
  { from: "smallint", to: "integer", values: numbers, uses: ["integer"] },
  { from: "integer", to: "bigint", values: numbers, uses: ["integer"] },
  { from: "smallint", to: "bigint", values: numbers, uses: ["integer"] },
  {
    from: "numeric(8,2)",
    to: "numeric(12,2)",
    values: ["1.25", "3.00", "7.10"],
    uses: ["numeric"],
  },
  {
    from: "numeric(8,2)",
    to: "numeric(12,4)",
    values: ["1.25", "3.00", "7.10"],
    uses: ["numeric"],
  },
  { from: "integer", to: "numeric", values: numbers, uses: ["integer"] },
  { from: "text", to: "mood", using: "c::mood", values: words, uses: ["text"] },
  { from: "mood", to: "text", values: words, uses: ["enum"] },
  {
    from: "text",
    to: "uuid",
    using: "c::uuid",
    values: ["0", "1", "2"].map((n) => n.repeat(8) + "-0000-4000-8000-000000000000"),
    uses: ["text"],
  },
  { from: "real", to: "double precision", values: ["2.5", "0.1", "3"], uses: [] },
  { from: "integer", to: "text", values: numbers, uses: ["integer"] },
  {
    from: "timestamp",
    to: "timestamptz",
    values: ["2026-01-01 10:00:00", "2026-06-01 10:00:00", "2026-07-01 00:00:00"],
    uses: [],
  },
  { from: "text", to: "varchar(4)", values: ["ok", "sad", "longer"], uses: [] },
  { from: "numeric(8,2)", to: "integer", values: ["1.25", "3.00", "7.10"], uses: [] },
  { from: "char(5)", to: "text", values: ["ok", "sad", "mad"], uses: [] },
  { from: "text", to: "integer", using: "c::integer", values: ["03", "7", "40"], uses: [] },
];

describe.each([14, 18])(
  "a column that changes its type under two releases, on Postgres %i",
  (major) => {
    let scratch: Scratch;
    beforeAll(async () => {
      scratch = await startScratch({ major });
    });
    afterAll(() => scratch.close(), 180_000);

    it.each(conversions)("$from to $to is shared as far as it is said to be", async (one) => {
      const { url } = await scratch.createDatabase();
      await using session = await Session.open({ url, applicationName: "sharing" });
      const [first, ...others] = one.values;
      await session.batch(
        `CREATE TYPE mood AS ENUM ('sad', 'ok', 'angry'); CREATE TABLE t (id integer PRIMARY KEY, c ${one.from})`,
      );
      for (const [n, value] of others.entries())
        await session.query("INSERT INTO t VALUES ($1, $2)", [n + 1, value]);
      const plain = await answers(url, statements, first!);
      const used = await answers(url, usesOf(one), first!);
      const before = (await introspect(session)).tables["public.t"]!.columns[1]!;
      const isNarrow = await session
        .query(
          `ALTER TABLE t ALTER c TYPE ${one.to}${one.using === undefined ? "" : ` USING ${one.using}`}`,
        )
        .then(
          () => false,
          () => true,
        );
      if (isNarrow) await session.query(`ALTER TABLE t ALTER c TYPE ${one.to} USING left(c, 4)`);
      const after = (await introspect(session)).tables["public.t"]!.columns[1]!;
      const [plainAfter, usedAfter] = [
        await answers(url, statements, first!),
        await answers(url, usesOf(one), first!),
      ];
      const isSame = !isNarrow && sameAnswers(withoutZeros(plain), withoutZeros(plainAfter));
      const sharing = sharingOf(before, after);
      if (sharing.how !== "not")
        expect(sharing.how === "if-proven" && sharing.isComparedApart === true).toBe(
          await isComparedApart(session, before.type.text),
        );
      expect(sharing.how).toBe(
        expectedOf(isSame, sameAnswers(used, usedAfter), sameAnswers(plain, plainAfter)),
      );
    });
  },
);

/** Whether a parameter of the old type fails beside the new one. */
function isComparedApart(session: Session, type: string): Promise<boolean> {
  return session.query(`PREPARE found (${type}) AS SELECT id FROM t WHERE c = $1`).then(
    () => false,
    ({ code }: { code: string }) => {
      expect(code).toBe("42883");
      return true;
    },
  );
}

/**
 * Shared: nothing of it changed. If proven: what releases send without the type's own operators still does the same,
 * but for zeros behind the point. Not: even that is something else.
 */
function expectedOf(samePlain: boolean, sameUsed: boolean, sameText: boolean): Sharing["how"] {
  if (!samePlain) return "not";
  return sameUsed && sameText ? "shared" : "if-proven";
}

function usesOf({ uses }: Conversion): readonly (readonly [string, number])[] {
  return uses.flatMap((use) => (operators[use] ?? []).map((sql) => [sql, 0] as const));
}

type Answer = readonly (readonly (string | null)[])[] | "failed";

async function answers(
  url: string,
  sent: readonly (readonly [string, number])[],
  value: string,
): Promise<readonly Answer[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const found: Answer[] = [];
  for (const [text, kind] of sent) {
    const values = [[], [value], [`{"${value}"}`]][kind]!;
    await client.query("BEGIN");
    // As the server prints them: what a driver makes of a type is its own.
    const types = { getTypeParser: () => (raw: string) => raw };
    const query = { text, values, rowMode: "array" as const, types };
    found.push(
      await client.query(query).then(
        ({ rows }) => rows as (string | null)[][],
        () => "failed" as const,
      ),
    );
    await client.query("ROLLBACK");
  }
  await client.end();
  return found;
}

/** `1.2500` as `1.25`. */
function withoutZeros(found: readonly Answer[]): readonly Answer[] {
  return found.map((answer) =>
    answer === "failed"
      ? answer
      : answer.map((row) => row.map((value) => value?.replace(/(\.\d*?)0+$/, "$1") ?? null)),
  );
}

function sameAnswers(one: readonly Answer[], other: readonly Answer[]): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
