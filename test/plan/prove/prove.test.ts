import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Session } from "../../../src/pg/index.ts";
import { outside, transaction, type Fill, type Plan, type Step } from "../../../src/plan/model.ts";
import { provePlan } from "../../../src/plan/prove/prove.ts";
import type { Proof, ProofName } from "../../../src/plan/prove/proof.ts";
import { splitStatements } from "../../../src/plan/split.ts";
import { startScratch, type Scratch } from "../../../src/scratch/index.ts";
import { parseSql } from "../../../src/sql/index.ts";
import { planWith } from "../bare-plan.ts";
import { planOf } from "../operation-harness.ts";

const base = `
CREATE TABLE team (id integer PRIMARY KEY, name text);
CREATE TABLE person (
  id serial PRIMARY KEY,
  "Full Name" varchar(80) COLLATE "C" NOT NULL DEFAULT 'Nobody' CHECK (length("Full Name") > 1),
  team integer REFERENCES team,
  nick text,
  changed timestamptz DEFAULT now(),
  UNIQUE (nick, id)
);
CREATE UNIQUE INDEX "by name" ON person (lower("Full Name"));
INSERT INTO team SELECT n, 'Team ' || n FROM generate_series(1, 5) n;
INSERT INTO person ("Full Name", team) SELECT 'Name ' || n, 1 + n % 2 FROM generate_series(1, 20) n;
`;

const renamed = `ALTER TABLE person RENAME COLUMN "Full Name" TO name`;

async function prove(scratch: Scratch, naive: string, plan: Plan, signal?: AbortSignal) {
  const template = await scratch.template(`proof ${base}`, async (url) => {
    await using session = await Session.open({ url, applicationName: "test" });
    await session.batch(base);
  });
  const statements = splitStatements(await parseSql(naive, "naive.sql"), "naive.sql");
  return provePlan({ scratch, template, naive: statements, plan, searchPath: ["public"], signal });
}

async function planned(scratch: Scratch, naive: string): Promise<Plan> {
  const { plan } = await planOf(scratch, base, naive);
  if (plan === undefined) throw new Error("refused");
  return plan;
}

/** The proofs that failed, and the first failure as a person reads it. */
function verdict({ failures }: Proof): readonly ProofName[] {
  return [...new Set(failures.map(({ proof }) => proof))];
}

const notNull = `ALTER TABLE person ALTER COLUMN nick SET NOT NULL`;
const notNullSteps = [
  transaction("for new rows", [
    "ALTER TABLE person ADD CONSTRAINT nick_is_set CHECK (nick IS NOT NULL) NOT VALID",
  ]),
  transaction("for the rows that are there", [
    "ALTER TABLE person VALIDATE CONSTRAINT nick_is_set",
  ]),
  transaction("NOT NULL", ["ALTER TABLE person ALTER COLUMN nick SET NOT NULL"]),
  transaction("done", ["ALTER TABLE person DROP CONSTRAINT IF EXISTS nick_is_set"]),
] as const;

/** The oldest major too where `LOCKSTEP_TEST_MAJORS` names any (`npm run test:full`). */
const majors = process.env["LOCKSTEP_TEST_MAJORS"] === undefined ? [18] : [14, 18];

describe.each(majors)("a plan that is right, on Postgres %i", (major) => {
  let scratch: Scratch;
  beforeAll(async () => {
    scratch = await startScratch({ major });
  });
  afterAll(() => scratch.close());

  it("is proven: a renamed column with a default, a check and a unique index", async () => {
    const plan = await planned(scratch, renamed);
    const proof = await prove(scratch, renamed, plan);
    expect(proof.failures).toEqual([]);
    const steps = plan.expand.length + plan.backfill.length;
    expect(proof).toMatchObject({
      catalogEqual: true,
      dataEqual: true,
      oldContractHolds: true,
      newContractHolds: true,
      online: true,
      reversible: true,
      repeatable: true,
      maxLock: { mode: "AccessExclusive", relation: "public.person" },
      counted: { points: steps + plan.contract.length + 1 },
    });
    expect(proof.server).toMatch(new RegExp(`^${major}\\.`));
    expect(proof.counted.aborts).toBeGreaterThanOrEqual(steps);
    expect(proof.counted.statements).toBeGreaterThan(100);
  }, 60_000);

  it("is proven: an UPDATE as a fill, whose rows no abort brings back", async () => {
    const naive = "UPDATE person SET nick = 'none' WHERE nick IS NULL";
    const plan = await planned(scratch, naive);
    expect(plan.remains).toEqual(["rows public.person.nick"]);
    expect((await prove(scratch, naive, plan)).failures).toEqual([]);
    const silent = await prove(scratch, naive, { ...plan, remains: [] });
    expect(verdict(silent)).toEqual(["abort"]);
    const [fill] = plan.backfill as unknown as [Fill & Step];
    const other = { ...plan, backfill: [{ ...fill, set: "nick = 'nobody'" }] };
    expect(verdict(await prove(scratch, naive, other))).toContain("data");
  }, 120_000);

  it("compares the rows that a migration leaves as they are where chance decides the others", async () => {
    const naive = "UPDATE person SET nick = gen_random_uuid()::text WHERE nick IS NULL";
    const plan = await planned(scratch, naive);
    const { failures, remarks } = await prove(scratch, naive, plan);
    expect(failures).toEqual([]);
    expect(remarks).toContainEqual(
      expect.stringContaining(
        "nick of public.person, in rows that the migration or the new release writes",
      ),
    );
    const [fill] = plan.backfill as unknown as [Fill & Step];
    const todo = `${fill.todo} OR length(t.nick) <> 36`;
    const proof = await prove(scratch, naive, { ...plan, backfill: [{ ...fill, todo }] });
    expect(verdict(proof)).toEqual(["data"]);
    expect(proof.failures[0]!.what).toContain("the migration as written leaves as they are");
  }, 120_000);

  it("is proven: a table that is filled and gets a new name, and a new child whose rows both releases see in it", async () => {
    const naive = `UPDATE team SET name = 'none'; CREATE TABLE guest (host text) INHERITS (team); ALTER TABLE team RENAME TO crew`;
    const proof = await prove(scratch, naive, await planned(scratch, naive));
    expect(proof.failures).toEqual([]);
  });

  it("is proven: an index whose expression fails on some of the rows that are drawn, fills of which one means what another changes", async () => {
    const naive = `CREATE INDEX ON person ((id + 1));
      UPDATE person SET team = NULL WHERE nick > 'a';
      UPDATE person SET nick = NULL WHERE length(nick) < 9;
      UPDATE person SET nick = 'none'`;
    const proof = await prove(scratch, naive, await planned(scratch, naive));
    expect(proof.failures).toEqual([]);
  });

  it("is proven: NOT NULL in the contract phase", async () => {
    const proof = await prove(scratch, notNull, planWith({ contract: notNullSteps }));
    expect(proof.failures).toEqual([]);
  }, 60_000);
});

describe("a plan that is wrong", () => {
  let scratch: Scratch;
  beforeAll(async () => {
    scratch = await startScratch({ major: 18 });
  });
  afterAll(() => scratch.close());

  /** A rename's plan with one step replaced. */
  async function changed(
    naive: string,
    phase: "expand" | "backfill",
    number: number,
    change: (step: Step) => readonly Step[],
  ): Promise<Proof> {
    const plan = await planned(scratch, naive);
    const step = plan[phase].at(number - 1)!;
    const steps = plan[phase].toSpliced(number - 1, 1, ...change(step));
    return prove(scratch, naive, { ...plan, [phase]: steps });
  }

  const nullable = "ALTER TABLE person RENAME COLUMN nick TO alias";

  it("writes one form only", async () => {
    const proof = await changed(nullable, "expand", 2, (step) => {
      if (step.kind !== "transaction") throw new Error(step.kind);
      return [{ ...step, statements: step.statements.filter((one) => !one.includes("~lockstep")) }];
    });
    expect(verdict(proof)).toContain("data");
    expect(proof.failures[0]).toMatchObject({ step: { phase: "backfill" } });
  }, 60_000);

  it("begins dual writes one by one: a row in between passes for filled", async () => {
    const proof = await changed(nullable, "expand", 2, (step) => {
      if (step.kind !== "transaction") throw new Error(step.kind);
      const cut = step.statements.map((one, n): Step => ({
        ...transaction(`dual writes ${n + 1}`, [one]),
        undo: n === 0 ? step.undo : [],
      }));
      return cut;
    });
    expect(verdict(proof)).toEqual(["data"]);
  }, 120_000);

  it("fills nothing", async () => {
    const proof = await changed(nullable, "backfill", 1, () => []);
    expect(verdict(proof)).toEqual(["data"]);
  }, 60_000);

  it("forgets a unique index that the new release upserts with", async () => {
    const proof = await changed(renamed, "backfill", 2, () => []);
    expect(verdict(proof)).toEqual(["new-release"]);
  }, 60_000);

  it("does not end what it began when it is taken back", async () => {
    const proof = await changed(renamed, "expand", 2, (step) => [{ ...step, undo: [] }]);
    expect(verdict(proof)).toContain("abort");
    expect(proof.reversible).toBe(false);
  }, 60_000);

  const wrong: readonly {
    readonly name: string;
    readonly naive: string;
    readonly plan: Partial<Plan>;
    readonly says: readonly ProofName[];
  }[] = [
    {
      name: "refuses NULL while the old release runs",
      naive: notNull,
      plan: { expand: notNullSteps },
      says: ["old-release", "abort"],
    },
    {
      name: "reads a table under a strong lock",
      naive: notNull,
      plan: { contract: [transaction("NOT NULL", [notNull])] },
      says: ["locks"],
    },
    {
      name: "validates in the transaction of the constraint",
      naive: "ALTER TABLE person ADD CONSTRAINT long CHECK (length(nick) > 0)",
      plan: {
        contract: [
          transaction("a check", [
            "ALTER TABLE person ADD CONSTRAINT long CHECK (length(nick) > 0) NOT VALID",
            "ALTER TABLE person VALIDATE CONSTRAINT long",
          ]),
        ],
      },
      says: ["locks"],
    },
    {
      name: "writes a table again",
      naive: "ALTER TABLE person ALTER COLUMN team TYPE bigint",
      plan: {
        contract: [transaction("bigint", ["ALTER TABLE person ALTER COLUMN team TYPE bigint"])],
      },
      says: ["locks", "new-release"],
    },
    {
      name: "builds an index that keeps writers waiting",
      naive: "CREATE INDEX by_nick ON person (nick)",
      plan: {
        backfill: [
          transaction(
            "an index",
            ["CREATE INDEX by_nick ON person (nick)"],
            ["DROP INDEX IF EXISTS by_nick"],
          ),
        ],
      },
      says: ["locks"],
    },
    {
      name: "is content with an index whose building failed",
      naive: "CREATE INDEX by_nick ON person (nick)",
      plan: {
        backfill: [
          outside("an index", "CREATE INDEX CONCURRENTLY IF NOT EXISTS by_nick ON person (nick)", [
            { kind: "outside", statement: "DROP INDEX CONCURRENTLY IF EXISTS by_nick" },
          ]),
        ],
      },
      says: ["repeat"],
    },
    {
      name: "leaves something behind in the end",
      naive: "CREATE TABLE note (id integer PRIMARY KEY)",
      plan: {
        expand: [
          transaction(
            "a table",
            ["CREATE TABLE IF NOT EXISTS note (id integer PRIMARY KEY, more text)"],
            ["DROP TABLE IF EXISTS note"],
          ),
        ],
      },
      says: ["catalog"],
    },
    {
      name: "counts twice when a step is run again",
      naive: "UPDATE team SET name = name || '!' WHERE id = 1",
      plan: {
        contract: [transaction("a name", ["UPDATE team SET name = name || '!' WHERE id = 1"])],
      },
      says: ["repeat"],
    },
    {
      name: "loses rows that the old release wrote, when it is taken back",
      naive: "CREATE TABLE note (id integer PRIMARY KEY)",
      plan: {
        expand: [
          transaction(
            "a table",
            ["CREATE TABLE IF NOT EXISTS note (id integer PRIMARY KEY)"],
            ["DROP TABLE IF EXISTS note", "DELETE FROM team WHERE name LIKE 'value%'"],
          ),
        ],
      },
      says: ["abort"],
    },
    {
      name: "has a sequence begin anew",
      naive: "COMMENT ON TABLE team IS 'of people'",
      plan: {
        contract: [
          transaction("a comment", [
            "COMMENT ON TABLE team IS 'of people'",
            "ALTER SEQUENCE person_id_seq RESTART",
          ]),
        ],
      },
      says: ["data"],
    },
    {
      name: "takes a column while the old release runs",
      naive: "ALTER TABLE person DROP COLUMN nick",
      plan: {
        backfill: [transaction("a column", ["ALTER TABLE person DROP COLUMN IF EXISTS nick"])],
      },
      says: ["old-release", "abort"],
    },
    {
      name: "has the column only after the new release has come",
      naive: "ALTER TABLE person ADD COLUMN email text",
      plan: {
        contract: [
          transaction("a column", ["ALTER TABLE person ADD COLUMN IF NOT EXISTS email text"]),
        ],
      },
      says: ["new-release"],
    },
    {
      name: "needs what a later step makes",
      naive: "ALTER TABLE person ADD COLUMN email text; CREATE INDEX by_email ON person (email)",
      plan: {
        expand: [
          outside("an index", "CREATE INDEX CONCURRENTLY by_email ON person (email)"),
          transaction("a column", ["ALTER TABLE person ADD COLUMN IF NOT EXISTS email text"]),
        ],
      },
      says: ["catalog"],
    },
  ];

  it.each(wrong)(
    "$name",
    async ({ naive, plan, says }) => {
      const proof = await prove(scratch, naive, planWith(plan));
      expect(verdict(proof)).toEqual(expect.arrayContaining([...says]));
      for (const { what, expected, found, why, next } of proof.failures)
        for (const text of [what, expected, found, why, next]) expect(text).not.toBe("");
    },
    60_000,
  );

  it("says so when the migration itself fails", async () => {
    const proof = await prove(
      scratch,
      "ALTER TABLE person ADD CONSTRAINT never CHECK (1 / 0 > 1)",
      planWith({}),
    );
    expect(verdict(proof)).toEqual(["catalog"]);
    expect(proof.failures[0]!.found).toContain("division by zero");
  }, 60_000);

  it("ends when it is told to", async () => {
    const reason = new Error("enough");
    await expect(prove(scratch, notNull, planWith({}), AbortSignal.abort(reason))).rejects.toBe(
      reason,
    );
  });
});
