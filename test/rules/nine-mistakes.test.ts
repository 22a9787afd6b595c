import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { TransactionMode } from "../../src/effects/index.ts";
import type { Finding } from "../../src/rules/index.ts";
import { explainSyntaxError } from "../../src/rules/syntax-hint.ts";
import { parseSql } from "../../src/sql/index.ts";
import { CaseDatabase, evaluateStatic, type Evaluated } from "./support-evaluate.ts";

/**
 * Mistakes in the recipes of articles about migrations, each with what must be said about it. The eighth, a schema step
 * that is skipped when no file changed, is about a pipeline.
 */
interface Mistake {
  readonly title: string;
  readonly base: string;
  readonly migration: string;
  readonly transaction?: TransactionMode;
  /** Hazards by line, each with words that its message and why must have. */
  readonly said: readonly {
    readonly line: number;
    readonly rule: string;
    readonly words: readonly RegExp[];
  }[];
}

const users =
  "CREATE TABLE users (id bigint PRIMARY KEY, full_name text, display_name text, email text, points integer, code varchar(10));";

const backfill = `DO $$
DECLARE
  batch_size integer := 1000;
  position integer := 0;
  changed integer;
BEGIN
  LOOP
    UPDATE users SET display_name = full_name
    WHERE id IN (SELECT id FROM users WHERE display_name IS NULL LIMIT batch_size OFFSET position);
    GET DIAGNOSTICS changed = ROW_COUNT;
    EXIT WHEN changed < batch_size;
    position := position + batch_size;
    PERFORM pg_sleep(0.01);
  END LOOP;
END $$;
`;

const mistakes: readonly Mistake[] = [
  {
    title: "1. a loop in one DO block is one transaction",
    base: users,
    migration: backfill,
    said: [
      {
        line: 1,
        rule: "batch-in-one-transaction",
        words: [/DO block is one transaction/, /row locks are held to the end/, /pg_sleep/],
      },
      {
        line: 1,
        rule: "batch-skips-rows",
        words: [/OFFSET leaves rows of public\.users out/, /5,000 were left undone/],
      },
    ],
  },
  {
    title: "4. SET NOT NULL without a validated CHECK",
    base: users,
    migration: "ALTER TABLE users ALTER COLUMN email SET NOT NULL;\n",
    said: [{ line: 1, rule: "blocking-scan", words: [/public\.users/, /ACCESS EXCLUSIVE/] }],
  },
  {
    title: "5. CREATE INDEX CONCURRENTLY beside other statements of one file",
    base: users,
    transaction: "query",
    migration: `ALTER TABLE users ADD COLUMN nick text;
CREATE INDEX CONCURRENTLY users_email_idx ON users (email);
`,
    said: [{ line: 2, rule: "fails-in-transaction", words: [/transaction/] }],
  },
  {
    title: "6. integer to bigint rewrites",
    base: users,
    migration: "ALTER TABLE users ALTER COLUMN points TYPE bigint;\n",
    said: [{ line: 1, rule: "blocking-rewrite", words: [/public\.users/, /ACCESS EXCLUSIVE/] }],
  },
  {
    title: "6. varchar to a longer one, or to text, is free",
    base: users,
    migration: `ALTER TABLE users ALTER COLUMN code TYPE varchar(20);
ALTER TABLE users ALTER COLUMN code TYPE text;
`,
    said: [],
  },
  {
    title: "7. a required column without a default fails on a table with rows",
    base: users,
    migration: "ALTER TABLE users ADD COLUMN plan varchar NOT NULL;\n",
    said: [{ line: 1, rule: "fails-on-rows", words: [/plan/] }],
  },
  {
    title: "7. with a constant default it is instant",
    base: users,
    migration: "ALTER TABLE users ADD COLUMN plan text NOT NULL DEFAULT 'free';\n",
    said: [],
  },
  {
    title: "7. with a volatile default it rewrites",
    base: users,
    migration: "ALTER TABLE users ADD COLUMN token uuid NOT NULL DEFAULT gen_random_uuid();\n",
    said: [{ line: 1, rule: "blocking-rewrite", words: [/public\.users/] }],
  },
  {
    title: "9. a blocker ended without asking what it is",
    base: users,
    migration: "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid = 0;\n",
    said: [
      {
        line: 1,
        rule: "terminates-backends",
        words: [/without looking at what they are doing/, /may be a payment/],
      },
    ],
  },
];

function evaluated({ title, base, migration, transaction }: Mistake): Evaluated {
  return {
    rule: title,
    base,
    migration,
    transaction: transaction ?? "statement",
    runnerSetsTimeouts: true,
    sizes: undefined,
  };
}

function check({ said }: Mistake, findings: readonly Finding[]): void {
  const hazards = findings.filter(({ severity }) => severity !== "info");
  // A column that becomes required breaks the release that runs too: more may be said, but not about what is free.
  if (said.length === 0) expect(hazards).toEqual([]);
  for (const { line, rule, words } of said) {
    const found = hazards.find((one) => one.line === line && one.rule === rule);
    expect(found, `${rule} at line ${line}`).toBeDefined();
    for (const word of words) expect(`${found!.message}; ${found!.why}`).toMatch(word);
    expect(found!.wayOut.text).not.toBe("");
  }
}

describe.each([14, 18])("predicted for %i", (major) => {
  test.each(mistakes)("$title", async (mistake) => {
    check(mistake, (await evaluateStatic(evaluated(mistake), major)).findings);
  });
});

describe("observed", () => {
  let database: CaseDatabase;
  beforeAll(async () => {
    database = await CaseDatabase.start(18);
  });
  afterAll(() => database[Symbol.asyncDispose]());
  test.each(mistakes)("$title", async (mistake) => {
    check(mistake, (await database.evaluate(evaluated(mistake))).findings);
  });
});

test("3. UPDATE … LIMIT is not Postgres", async () => {
  const sql = "UPDATE users SET status = 'active' WHERE status IS NULL LIMIT 1000;";
  const error = (await parseSql(sql, "m.sql").catch((reason: unknown) => reason)) as Error;
  expect(explainSyntaxError(sql, error.message, 1)).toMatch(/Postgres has no UPDATE … LIMIT/);
});
