import { expect, it } from "vitest";
import { verifyBackfill } from "../../../src/backfill/index.ts";
import { Session } from "../../../src/pg/index.ts";
import { databaseWith, planOf, runStep } from "../operation-harness.ts";
import { testCases } from "./cases.ts";

const base = `
CREATE TYPE tone AS ENUM ('warm', 'cold');
CREATE TABLE shop (id integer PRIMARY KEY, "Name" varchar(20) NOT NULL, tone tone);
CREATE TABLE item (id integer PRIMARY KEY, shop integer, label varchar(20), tone tone, sold integer);
CREATE INDEX ON item (shop);
CREATE TABLE loose (item integer, word text);
CREATE TABLE slot (place integer, "At" date, note text) PARTITION BY LIST (place);
CREATE TABLE slot_rest PARTITION OF slot DEFAULT PARTITION BY RANGE (date_trunc('month', "At"::timestamp));
INSERT INTO shop SELECT n, 'shop ' || n, 'warm' FROM generate_series(1, 5) n;
INSERT INTO item SELECT n, CASE WHEN n % 4 < 3 THEN 1 + n % 7 END, 'i' || n FROM generate_series(1, 30) n;
INSERT INTO loose SELECT n, 'w' FROM generate_series(1, 5) n;
`;

const old = `INSERT INTO item (id, shop) SELECT max(id) + 1, 2 FROM item;
UPDATE item SET sold = 1 WHERE id = 3; UPDATE shop SET tone = tone WHERE id = 2`;

const subject = {
  operation: "change rows by what other tables hold",
  does: "each row asks them by their indexes, in batches; what the old release inserts later gets its value in the contract phase",
};

testCases(
  subject,
  { base, old, new: "SELECT 1" },
  [
    {
      name: "a new column from a table that is called t, NOT NULL in the end",
      naive: `DELETE FROM item WHERE shop IS NULL OR shop NOT IN (SELECT id FROM shop);
ALTER TABLE item ADD COLUMN shop_name text;
UPDATE item i SET shop_name = t."Name" FROM public.shop t WHERE t.id = i.shop;
ALTER TABLE item ALTER shop_name SET NOT NULL;
ALTER TABLE item ADD FOREIGN KEY (shop) REFERENCES shop`,
      new: `INSERT INTO item (id, shop, shop_name) SELECT max(id) + 1, 3, 'mine' FROM item;
SELECT 1 / (count(*) = 0)::integer FROM item WHERE id <= 30 AND shop_name <> 'shop ' || shop`,
      also: ({ backfill, contract, remains, notes }) => {
        expect(notes).toContainEqual(
          expect.stringContaining("each batch of the fill asks public.shop anew"),
        );
        expect(notes).toContain(
          "which rows of public.item go is what public.shop.id says when the fill comes by",
        );
        expect(backfill.filter(({ kind }) => kind === "fill")).toHaveLength(2);
        expect(contract.filter(({ kind }) => kind === "fill")).toHaveLength(2);
        expect(remains).toEqual(["deleted rows of public.item"]);
      },
    },
    {
      name: "several columns of the old release, with a join, a literal and a subquery inside",
      naive: `UPDATE item SET tone = 'cold', label = substr(s."Name", 1, 3) FROM shop s JOIN item_of o ON o.shop = s.id WHERE item.id = o.item AND s.tone IS DISTINCT FROM item.tone`,
      base: `${base} CREATE TABLE item_of (item integer PRIMARY KEY, shop integer); INSERT INTO item_of SELECT id, 1 FROM item WHERE id < 9;`,
      new: `SELECT 1 / (count(*) = 8)::integer FROM item WHERE tone = 'cold' AND label = 'sho'`,
      also: ({ remains }) =>
        expect(remains).toEqual(["rows public.item.tone", "rows public.item.label"]),
    },
    {
      name: "a count of another table's rows",
      naive: `ALTER TABLE shop ADD COLUMN items integer NOT NULL DEFAULT 0;
UPDATE shop SET items = COALESCE((SELECT count(*) FROM item t WHERE t.shop = shop.id), 0)`,
      new: `SELECT 1 / (count(*) = 0)::integer FROM shop WHERE items = 0`,
    },
    {
      name: "a new column from another one of its row, NOT NULL in the end",
      naive: `ALTER TABLE item ADD COLUMN is_sold boolean;
UPDATE item SET is_sold = sold IS NOT NULL;
ALTER TABLE item ALTER is_sold SET NOT NULL`,
      new: `INSERT INTO item (id, is_sold) SELECT max(id) + 1, true FROM item`,
      also: ({ exemptions, contract }) => {
        expect(contract[0]).toMatchObject({ kind: "fill" });
        expect(exemptions).toEqual([
          { kind: "read-once", relation: "public.item", column: "sold" },
        ]);
      },
    },
    {
      name: "rows copied into a new table, told apart by its key",
      naive: `CREATE TABLE tag (item integer PRIMARY KEY, text text);
INSERT INTO tag SELECT id, label FROM item WHERE id < 20 -- the first ones`,
      new: `INSERT INTO tag SELECT max(item) + 100, 'mine' FROM tag; SELECT 1 / (count(*) = 19)::integer FROM tag WHERE item < 20`,
      also: ({ contract }) => expect(contract).toHaveLength(1),
    },
    {
      name: "rows that another table names go",
      naive: `DELETE FROM loose USING item t WHERE t.id = loose.item AND t.shop IS NULL; DELETE FROM loose l WHERE l.item = 2`,
      new: `SELECT 1 / (count(*) = 3)::integer FROM loose`,
    },
  ],
  (scratch) => {
    it("a row that several match is done with what any of them says, and no row without a match is left", async () => {
      const more = `${base} CREATE TABLE tag (item integer, word text, weight integer); CREATE INDEX ON tag (item);
INSERT INTO tag SELECT n % 10, 'word ' || n, n FROM generate_series(1, 40) n;`;
      const naive = `ALTER TABLE item ADD COLUMN word text, ADD COLUMN weight integer;
UPDATE item SET word = t.word, weight = t.weight FROM tag t WHERE t.item = item.id`;
      const { plan } = await planOf(scratch(), more, naive);
      await using session = await Session.open({
        url: await databaseWith(scratch(), more),
        applicationName: "several matches",
      });
      for (const step of plan!.expand) await runStep(session, step);
      const fill = plan!.backfill.find((step) => step.kind === "fill")!;
      const left = async () =>
        (await verifyBackfill(session, { table: "item", todo: fill.todo })).left;
      expect(await left()).toBe(9);
      await runStep(session, fill);
      // They lie in another order from now on.
      await session.query("UPDATE tag SET weight = weight WHERE weight <= 30");
      expect(await left()).toBe(0);
      await session.query("UPDATE item SET word = 'none of them' WHERE id = 3");
      // Of one match the word, of another one the weight.
      await session.query("UPDATE item SET word = 'word 4', weight = 14 WHERE id = 4");
      expect(await left()).toBe(2);
    });

    it.each([
      [`UPDATE item SET sold = sold + s.id FROM shop s WHERE s.id = item.shop`, "which it changes"],
      [
        `UPDATE item SET label = b.label FROM item b WHERE b.id = item.id + 1`,
        "other rows of public.item",
      ],
      [`UPDATE item SET sold = (SELECT id FROM shop LIMIT 1)`, "LIMIT"],
      [
        `UPDATE item SET label = l.word FROM loose l WHERE l.item = item.id`,
        "no index begins with",
      ],
      [`UPDATE item SET label = x FROM (SELECT 'x' AS x) AS x`, "more than tables"],
      [
        `UPDATE item SET sold = o.n FROM (SELECT id, row_number() OVER () AS n FROM item) o WHERE o.id = item.id`,
        "other rows of public.item",
      ],
      [
        `DELETE FROM item i WHERE ctid NOT IN (SELECT max(ctid) FROM item GROUP BY shop)`,
        "other rows of public.item",
      ],
      [`WITH s AS (SELECT 1) UPDATE item SET sold = 1 FROM s`, "WITH"],
      [
        `DELETE FROM item a USING item b WHERE a.id < b.id AND a.label = b.label`,
        "other rows of public.item",
      ],
      [
        `CREATE TABLE word (item integer PRIMARY KEY, word text); INSERT INTO word SELECT item, word FROM loose ON CONFLICT DO NOTHING; DELETE FROM loose WHERE item > 0`,
        "rows move from",
      ],
      [
        `CREATE TABLE word (item integer PRIMARY KEY, word text UNIQUE); INSERT INTO word SELECT item, word FROM loose`,
        "or pass over some",
      ],
      [
        `INSERT INTO loose SELECT id, label FROM item WHERE id NOT IN (SELECT item FROM loose)`,
        "its NOT IN is no guard",
      ],
      [`DELETE FROM loose; ALTER TABLE loose ADD COLUMN ip text NOT NULL`, "after the DELETE"],
      [`UPDATE slot SET place = 2 WHERE place = 1`, "may belong into another one"],
      [
        `UPDATE slot SET "At" = '2020-01-01' FROM shop s WHERE s.id = slot.place AND "At" IS NULL`,
        "may belong into another one",
      ],
      [`DELETE FROM item WHERE random() < 0.5`, "not known to stay the same"],
      [
        `ALTER TABLE item ADD FOREIGN KEY (shop) REFERENCES shop ON DELETE SET NULL NOT VALID; DELETE FROM shop WHERE id > 3`,
        "go or change with each row",
      ],
    ])("has no way for %s", async (naive, why) => {
      const { parts } = await planOf(scratch(), base, naive);
      const refused = parts.filter((part) => part.kind === "refused");
      expect(refused.map((part) => part.why).join("\n")).toContain(why);
    });
  },
);
