import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Session } from "../../../src/pg/index.ts";
import { provePlan } from "../../../src/plan/prove/prove.ts";
import { startScratch, type Scratch } from "../../../src/scratch/index.ts";
import { parseSql } from "../../../src/sql/index.ts";
import { planOf } from "../operation-harness.ts";
import { testCases } from "./cases.ts";

const base = `
CREATE TABLE team (id integer PRIMARY KEY);
INSERT INTO team VALUES (1);
CREATE TABLE visit ("At" date NOT NULL, team integer REFERENCES team, n integer, UNIQUE ("At", n)) PARTITION BY RANGE ("At");
CREATE INDEX ON visit (team);
CREATE TABLE visit_2021 PARTITION OF visit FOR VALUES FROM ('2021-01-01') TO ('2022-01-01');
CREATE TABLE visit_rest PARTITION OF visit DEFAULT;
CREATE TABLE "Old ""Visits""" ("At" date NOT NULL, team integer, n integer);
INSERT INTO "Old ""Visits""" SELECT '2020-01-01'::date + n, 1, n FROM generate_series(1, 30) n;
INSERT INTO visit VALUES ('2021-02-02', 1, 1), ('2025-02-02', 1, 1);
CREATE TABLE place (id integer, land text, "user" text) PARTITION BY LIST (land);
CREATE TABLE place_de PARTITION OF place FOR VALUES IN ('de', 'a''t');
CREATE TABLE place_none (id integer, land text, "user" text);
INSERT INTO place VALUES (1, 'de'), (2, 'a''t');
INSERT INTO place_none VALUES (1, NULL), (2, 'xx, (y)');
CREATE TABLE hashed (id integer) PARTITION BY HASH (id);
CREATE TABLE hashed_0 PARTITION OF hashed FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE hashed_1 (id integer);
`;

const release = `SELECT count(*) FROM visit; UPDATE visit SET team = 1 WHERE "At" = '2021-02-02';
INSERT INTO place VALUES (3, 'de'); INSERT INTO visit SELECT '2021-05-05', 1, coalesce(max(n), 0) + 1 FROM visit WHERE "At" = '2021-05-05'`;

/** What a migration before has added. */
const proofs = `
ALTER TABLE "Old ""Visits""" ADD CHECK ("At" >= '2020-01-01' AND "At" < '2021-01-01'), ADD FOREIGN KEY (team) REFERENCES team;
ALTER TABLE visit_rest ADD CHECK ("At" < '2020-01-01' OR "At" >= '2021-01-01');
ALTER TABLE place_none ADD CONSTRAINT land CHECK (land IS NULL OR land = 'xx, (y)');
`;

const attach = `ALTER TABLE visit ATTACH PARTITION "Old ""Visits""" FOR VALUES FROM ('2020-01-01') TO ('2021-01-01')`;
const attachNone = `ALTER TABLE place ATTACH PARTITION place_none FOR VALUES IN (NULL, 'xx, (y)')`;

const subject = {
  operation: "attach or detach a partition",
  does: "attached with its indexes built and its bound proven before; detached concurrently",
};

testCases(
  subject,
  { base, old: release, new: release },
  [
    {
      name: "attach to a table with a default partition, a key, an index and a foreign key",
      base: base + proofs,
      naive: attach,
      new: `${release}; INSERT INTO visit VALUES ('2020-06-06', 1, (SELECT count(*) FROM visit))`,
      old: `${release}; INSERT INTO "Old ""Visits""" VALUES ('2020-05-05', 1, 5000 + (SELECT count(*) FROM "Old ""Visits"""))`,
    },
    {
      name: "attach by list, with NULL",
      base: base + proofs,
      naive: attachNone,
      new: `${release}; INSERT INTO place VALUES (9, NULL)`,
    },
    {
      name: "detach where a default partition is",
      naive: "ALTER TABLE visit DETACH PARTITION visit_2021",
      new: "INSERT INTO place VALUES (3, 'de')",
    },
    {
      name: "detach concurrently",
      naive: "ALTER TABLE place DETACH PARTITION place_de",
      new: "SELECT count(*) FROM place",
      also: ({ contract }) => expect(contract.map(({ kind }) => kind)).toContain("outside"),
    },
    {
      name: "detach by hash",
      naive: "ALTER TABLE hashed DETACH PARTITION hashed_0",
      new: "SELECT count(*) FROM hashed",
    },
  ],
  (scratch) => {
    it.each([
      "ALTER TABLE hashed ATTACH PARTITION hashed_1 FOR VALUES WITH (MODULUS 2, REMAINDER 1)",
      attach,
      `ALTER TABLE place_none ADD CHECK (land IS NULL OR land IN ('xx, (y)')); ${attachNone}`,
    ])("refuses what no migration before has proven: %s", async (naive) => {
      const { parts } = await planOf(scratch(), base, naive);
      expect(parts.at(-1)).toMatchObject({
        kind: "refused",
        why: expect.stringContaining("reads all"),
        instead: expect.arrayContaining([expect.stringContaining("a migration before")]),
      });
    });

    it("a partition that is detached concurrently is proven; that its bound holds until then is said", async () => {
      const own = `
CREATE TABLE place (id integer, land text) PARTITION BY LIST (land);
CREATE TABLE place_de PARTITION OF place FOR VALUES IN ('de');
CREATE TABLE place_at PARTITION OF place FOR VALUES IN ('at');
INSERT INTO place VALUES (1, 'de'), (2, 'at');`;
      const naive = "ALTER TABLE place DETACH PARTITION place_de";
      const { plan } = await planOf(scratch(), own, naive);
      const template = await scratch().template(`detach ${own}`, async (url) => {
        await using session = await Session.open({ url, applicationName: "test" });
        await session.batch(own);
      });
      const request = {
        scratch: scratch(),
        template,
        naive: await parseSql(naive, "naive.sql"),
        plan: plan!,
        searchPath: ["public"],
      };
      expect((await provePlan(request)).failures).toEqual([]);
      const silent = await provePlan({ ...request, plan: { ...plan!, exemptions: [] } });
      expect(silent.failures).toContainEqual(expect.objectContaining({ proof: "new-release" }));
    }, 180_000);

    it("says what proves it", async () => {
      const { parts } = await planOf(scratch(), base, `${attach}; ${attachNone}`);
      const [first, second] = parts.map((part) => (part.kind === "refused" ? part.instead : []));
      const checks = [...first!.slice(0, 2), second![0]!].map((one) => inParentheses(one));
      const said = checks.map(
        (check, n) =>
          `ALTER TABLE ${['"Old ""Visits"""', "visit_rest", "place_none"][n]} ADD CHECK ${check}`,
      );
      const keys = 'ALTER TABLE "Old ""Visits""" ADD FOREIGN KEY (team) REFERENCES team';
      const proven = `${base}; ${said.join(";")}; ${keys};`;
      const { plan } = await planOf(scratch(), proven, `${attach}; ${attachNone}`);
      expect(plan?.backfill.at(-1)?.title).toContain("attach");
    });
  },
);

/** `(…)` behind ADD CHECK. */
function inParentheses(text: string): string {
  const from = text.indexOf("ADD CHECK (") + "ADD CHECK ".length;
  let depth = 0;
  for (let at = from; at < text.length; at++) {
    if (text[at] === "(") depth++;
    if (text[at] === ")" && --depth === 0) return text.slice(from, at + 1);
  }
  throw new Error(`no check in ${text}`);
}

describe("what has no online way", () => {
  let scratch: Scratch;
  beforeAll(async () => {
    scratch = await startScratch({ major: 18 });
  });
  afterAll(() => scratch.close());

  it.each([
    "ALTER TABLE hashed_1 SET UNLOGGED",
    "ALTER TABLE team SET ACCESS METHOD heap2",
    "CLUSTER team USING team_pkey",
    "VACUUM (FULL, ANALYZE) team",
  ])("refuses %s with what it costs and what does instead", async (naive) => {
    const made = "CREATE ACCESS METHOD heap2 TYPE TABLE HANDLER heap_tableam_handler;";
    const { parts } = await planOf(scratch, `${base}; ${made}`, naive);
    expect(parts).toMatchObject([
      { kind: "refused", why: expect.stringContaining("Measured"), instead: expect.any(Array) },
    ]);
  });
});
