import { expect, it } from "vitest";
import { besideSuccessors } from "../../src/plan/beside-successors.ts";
import { parseSql } from "../../src/sql/index.ts";

const orders = {
  "keys that come back, over what does not mind": [
    "ALTER TABLE a DROP CONSTRAINT x; ALTER TABLE b DROP CONSTRAINT y; CREATE TABLE c (); ALTER TABLE a ADD CONSTRAINT x FOREIGN KEY (p) REFERENCES q; ALTER TABLE b ADD CONSTRAINT y FOREIGN KEY (p) REFERENCES q",
    [2, 0, 3, 1, 4],
  ],
  "not over a change of columns": [
    "ALTER TABLE a DROP CONSTRAINT x; ALTER TABLE a ALTER p TYPE bigint; ALTER TABLE a ADD CONSTRAINT x FOREIGN KEY (p) REFERENCES q",
    [0, 1, 2],
  ],
  "not over the key that a foreign key depends on": [
    "ALTER TABLE a DROP CONSTRAINT x; ALTER TABLE q DROP CONSTRAINT u; ALTER TABLE a ADD CONSTRAINT x FOREIGN KEY (p) REFERENCES q; ALTER TABLE q ADD CONSTRAINT u UNIQUE (i)",
    [0, 1, 2, 3],
  ],
  "not with CASCADE, nor for another table or another name": [
    "ALTER TABLE a DROP CONSTRAINT x CASCADE; ALTER TABLE a DROP CONSTRAINT y; CREATE TABLE c (); ALTER TABLE a ADD CONSTRAINT x UNIQUE (i); ALTER TABLE b ADD CONSTRAINT y UNIQUE (i)",
    [0, 1, 2, 3, 4],
  ],
} as const;

it.each(Object.entries(orders))(
  "constraints are dropped where they come back: %s",
  async (_, [sql, order]) => {
    const statements = await parseSql(sql, "some.sql");
    const moved = besideSuccessors(statements);
    expect(moved.map((one) => statements.findIndex(({ start }) => start === one.start))).toEqual(
      order,
    );
    expect(moved.map(({ index }) => index)).toEqual(order.map((_place, n) => n));
  },
);
