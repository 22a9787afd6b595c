import { expect, it } from "vitest";
import { planOf } from "../operation-harness.ts";
import { testCases } from "./cases.ts";

const base = `
CREATE TABLE "Order" (
  id serial CONSTRAINT "Order key" PRIMARY KEY,
  parent integer REFERENCES "Order" ON DELETE SET NULL,
  code integer NOT NULL DEFAULT 7 CONSTRAINT "code is small" CHECK (code < 1000000000),
  "Total" numeric(10,2) DEFAULT 0,
  status text NOT NULL DEFAULT 'new',
  CONSTRAINT "code once" UNIQUE (code) DEFERRABLE,
  CONSTRAINT "id and code" UNIQUE (id, code)
);
CREATE INDEX "by code" ON "Order" (code DESC, lower(status)) WHERE code > 3;
CREATE INDEX "by code too" ON "Order" (abs(code)) WITH (fillfactor = 70);
CREATE STATISTICS together ON code, status FROM "Order";
CREATE TABLE line (
  id integer GENERATED ALWAYS AS IDENTITY (START WITH 10 INCREMENT BY 5 CACHE 3) PRIMARY KEY,
  "order" integer NOT NULL REFERENCES "Order" ON DELETE CASCADE ON UPDATE CASCADE,
  note text
);
CREATE TABLE label (id integer, code integer, CONSTRAINT "two columns" FOREIGN KEY (id, code) REFERENCES "Order" (id, code) MATCH FULL DEFERRABLE INITIALLY DEFERRED);
CREATE VIEW lines AS SELECT id, note FROM line;
CREATE VIEW "long lines" AS SELECT id FROM lines WHERE length(note) > 0;
COMMENT ON VIEW lines IS 'What was ordered';
CREATE TYPE status AS ENUM ('new', 'paid');
CREATE ROLE lockstep_reader;
GRANT SELECT (id, code) ON "Order" TO lockstep_reader;
GRANT USAGE ON SEQUENCE line_id_seq TO lockstep_reader;
GRANT SELECT ON lines TO lockstep_reader;
COMMENT ON COLUMN "Order".id IS 'The order''s number';
COMMENT ON CONSTRAINT "Order key" ON "Order" IS 'key';
COMMENT ON INDEX "by code" IS 'index';
COMMENT ON CONSTRAINT "code once" ON "Order" IS 'unique';
ALTER TABLE "Order" REPLICA IDENTITY USING INDEX "id and code";
CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.status := coalesce(NEW.status, 'new'); IF NEW.code > 5 AND NEW.id IS NOT NULL THEN RETURN NEW; END IF; RETURN NEW; END $$;
CREATE TRIGGER stamp BEFORE INSERT OR UPDATE ON "Order" FOR EACH ROW EXECUTE FUNCTION stamp();
INSERT INTO "Order" (parent, code, "Total") SELECT NULL, n, n / 3.0 FROM generate_series(1, 40) n;
UPDATE "Order" SET parent = id / 2 WHERE id > 3;
INSERT INTO line ("order", note) SELECT 1 + n % 40, 'n' FROM generate_series(1, 60) n;
INSERT INTO label SELECT id, code FROM "Order" WHERE id % 2 = 0;
`;

const writes = `
INSERT INTO "Order" (parent, code) VALUES (3, 100 + (txid_current() % 100000000)::int);
UPDATE "Order" SET "Total" = 3.25 WHERE id = 4;
INSERT INTO line ("order", note) SELECT max(id), 'old' FROM "Order";
INSERT INTO label SELECT id, code FROM "Order" ORDER BY id DESC LIMIT 1;
SELECT o.*, count(*) FROM "Order" o JOIN line l ON l."order" = o.id GROUP BY o.id;
INSERT INTO "Order" (id, code) VALUES (4, 4) ON CONFLICT (id) DO UPDATE SET code = EXCLUDED.code;
`;

/** The columns have another order in the end. */
const named = writes.replace("INTO label SELECT", "INTO label (id, code) SELECT");

const subject = {
  operation: "change the type of a column",
  does: "a second column of the new type, kept in step, with its indexes, keys and sequence; it takes the name in the contract phase",
};

testCases(
  subject,
  { base, old: writes, new: named },
  [
    {
      name: "a serial primary key that is referred to",
      naive: `ALTER TABLE "Order" ALTER COLUMN id TYPE bigint`,
    },
    {
      name: "an identity primary key that views read",
      naive: `
DROP VIEW "long lines"; DROP VIEW lines;
ALTER TABLE line ALTER COLUMN id TYPE bigint;
CREATE VIEW lines AS SELECT id, note FROM line;
CREATE VIEW "long lines" AS SELECT id FROM lines WHERE length(note) > 1;
GRANT SELECT ON lines TO lockstep_reader;
`,
      old: `${writes} SELECT id, note FROM lines; SELECT id FROM "long lines";`,
      new: `${named} SELECT id, note FROM lines; SELECT id FROM "long lines";`,
      // As those lock them who read the views, so that neither waits for the other.
      also: ({ backfill }) => {
        const texts = backfill.flatMap((step) =>
          step.kind === "transaction" ? step.statements : [],
        );
        const at = (start: string) => texts.findIndex((sql) => sql.startsWith(start));
        expect(at("DROP VIEW lines")).toBeGreaterThan(at('DROP VIEW "long lines"'));
        expect(at("LOCK TABLE")).toBeGreaterThan(at("DROP VIEW lines"));
      },
    },
    {
      name: "keys on both sides, and the sequence",
      naive: `
ALTER TABLE line ALTER COLUMN "order" TYPE bigint;
ALTER TABLE "Order" ALTER COLUMN id SET DATA TYPE bigint, ALTER COLUMN parent TYPE int8 USING parent::bigint;
ALTER TABLE label ALTER COLUMN id TYPE bigint;
`,
    },
    {
      name: "a column with a unique constraint, a check, indexes and statistics",
      naive: `ALTER TABLE "Order" ALTER code TYPE bigint`,
      // It refuses NULL.
      also: ({ notes }) => expect(notes.join()).not.toContain("stores its default"),
    },
    {
      name: "a numeric with more digits",
      naive: `ALTER TABLE "Order" ALTER "Total" TYPE numeric(14,4)`,
      also: ({ notes }) => {
        expect(notes).toContainEqual(
          expect.stringMatching(/returns "Total" fails .* until it is prepared again/),
        );
        expect(notes).toContainEqual(
          expect.stringMatching(/^from the expand phase until .* COPY … FROM without a list/),
        );
        expect(notes).toContainEqual(expect.stringMatching(/gives NULL for it stores its default/));
      },
    },
  ],
  (scratch, major) => {
    // Before, a foreign key of a partitioned table cannot come NOT VALID.
    if (major >= 18)
      it("gives the keys of partitions their names too", async () => {
        const parted = `CREATE TABLE own (id integer PRIMARY KEY);
CREATE TABLE part (of integer REFERENCES own) PARTITION BY LIST (of);
CREATE TABLE part_1 PARTITION OF part FOR VALUES IN (1)`;
        const naive = "ALTER TABLE own ALTER id TYPE bigint";
        const { plan } = await planOf(scratch(), parted, naive);
        const renames = plan!.backfill.flatMap((step) =>
          step.kind === "transaction"
            ? step.statements.filter((sql) => /part.* RENAME CONSTRAINT/.test(sql))
            : [],
        );
        expect(renames).toEqual([
          expect.stringMatching(/"part" .* TO "part_of_fkey"$/),
          expect.stringMatching(/"part_1" .* TO "part_of_fkey"$/),
        ]);
      });
    it("leaves out what changes nothing: as written it would read the table for its checks", async () => {
      const { parts, plan } = await planOf(
        scratch(),
        base,
        `ALTER TABLE "Order" ALTER code TYPE integer; ALTER TYPE status ADD VALUE 'late'`,
      );
      const label = "ALTER TYPE status ADD VALUE 'late'";
      expect(parts).toMatchObject([{ kind: "operation" }, { kind: "kept" }]);
      expect(plan).toMatchObject({ expand: [{ title: label }], backfill: [], contract: [] });
      // No row is of the type that the old release reads.
      expect(plan!.notes.slice(1)).toEqual([`stays done after an abort: ${label}`]);
    });
    it.each([
      ["a primary key", "ALTER TABLE own ALTER id TYPE text", "found by id (own_pkey)"],
      [
        "a key without NULL",
        "ALTER TABLE tag ALTER name TYPE uuid USING name::uuid",
        "found by name (tag_name_key)",
      ],
      [
        "what a foreign key joins, though it goes",
        "ALTER TABLE tag DROP CONSTRAINT tag_other_fkey; ALTER TABLE tag ALTER other TYPE text",
        "joined with public.other.id",
      ],
      [
        "a domain that refuses NULL",
        "ALTER TABLE tag ALTER note TYPE filled USING coalesce(note, '')",
        "the domain public.filled has a constraint",
      ],
    ])("refuses another kind of type for %s", async (_, naive, why) => {
      const { parts } = await planOf(
        scratch(),
        "CREATE TABLE own (id bigint PRIMARY KEY); CREATE TABLE other (id bigint PRIMARY KEY); CREATE DOMAIN filled AS text NOT NULL; CREATE TABLE tag (name text NOT NULL UNIQUE, other bigint REFERENCES other, note text)",
        naive,
      );
      const reasons = parts.flatMap((part) => (part.kind === "refused" ? [part.why] : []));
      expect(reasons).toEqual([expect.stringContaining(why)]);
    });
    it("refuses what two releases cannot share", async () => {
      const naive = `ALTER TABLE "Order" ALTER "Total" TYPE integer`;
      const { parts } = await planOf(scratch(), base, naive);
      expect(parts.map(({ kind }) => kind)).toEqual(["refused"]);
    });
  },
);
