import { expect } from "vitest";
import { testCases } from "./cases.ts";

const base = `
CREATE TABLE customer (id integer PRIMARY KEY, mail text);
INSERT INTO customer SELECT n, 'm' || n FROM generate_series(1, 20) n;
CREATE TABLE "Order" (
  id integer PRIMARY KEY, customer integer NOT NULL, email text, legacy text NOT NULL,
  state text DEFAULT 'new' CONSTRAINT "Order_state_check" CHECK (state IN ('new', 'paid')), at timestamptz DEFAULT now()
);
CREATE INDEX order_at ON "Order" (at);
CREATE VIEW open_orders AS SELECT id FROM "Order" WHERE state = 'new';
INSERT INTO "Order" SELECT n, n, CASE WHEN n % 2 = 0 THEN 'e' || n END, 'x' FROM generate_series(1, 20) n;
`;

const old = `
INSERT INTO "Order" (id, customer, legacy) SELECT max(id) + 1, 1, 'y' FROM "Order";
UPDATE "Order" SET state = 'paid' WHERE id = 2; SELECT * FROM open_orders;
INSERT INTO customer SELECT max(id) + 1 FROM customer`;

const subject = {
  operation: "several operations",
  does: "statements of one migration share their phases",
};

testCases(subject, { base, old, new: "SELECT 1" }, [
  {
    name: "columns, keys, indexes, constraints, rows and drops in one migration",
    naive: `ALTER TABLE "Order" ADD COLUMN public_id uuid NOT NULL DEFAULT gen_random_uuid();
ALTER TABLE "Order" ADD CONSTRAINT order_public_id UNIQUE (public_id);
CREATE INDEX ON "Order" (customer);
ALTER TABLE "Order" ADD FOREIGN KEY (customer) REFERENCES customer ON DELETE CASCADE;
UPDATE "Order" SET email = 'unknown' WHERE email IS NULL;
ALTER TABLE "Order" ALTER email SET NOT NULL, DROP COLUMN legacy;
ALTER TABLE "Order" DROP CONSTRAINT "Order_state_check", ADD CONSTRAINT "Order_state_check" CHECK (state IN ('new', 'paid', 'sent'));
DROP INDEX order_at;
DROP VIEW open_orders;
COMMENT ON TABLE "Order" IS 'What is ordered'`,
    new: `INSERT INTO "Order" (id, customer, email, state) SELECT max(id) + 1, 2, 'e', 'sent' FROM "Order" ON CONFLICT (public_id) DO NOTHING`,
    also: ({ contract }) => {
      expect(contract.filter(({ kind }) => kind === "fill")).toHaveLength(1);
    },
  },
  {
    name: "a table, a column that refers to it, and its index",
    naive: `CREATE TABLE coupon (id serial PRIMARY KEY, code text UNIQUE);
INSERT INTO coupon (code) VALUES ('none');
ALTER TABLE "Order" ADD COLUMN coupon integer REFERENCES coupon;
CREATE INDEX ON "Order" (coupon);
ALTER TABLE "Order" ADD CONSTRAINT positive CHECK (customer > 0)`,
    new: `INSERT INTO "Order" (id, customer, legacy, coupon) SELECT max(id) + 1, 2, 'z', 1 FROM "Order"`,
  },
  {
    name: "an index and a check of a column that another statement renames",
    naive: `ALTER TABLE "Order" RENAME COLUMN email TO mail;
CREATE INDEX ON "Order" (mail);
ALTER TABLE "Order" ADD CONSTRAINT mailed CHECK (mail <> '')`,
    new: `INSERT INTO "Order" (id, customer, legacy, mail) SELECT max(id) + 1, 2, 'z', 'a' FROM "Order"`,
  },
  {
    name: "a key of another name instead of an index, made and dropped in any order",
    naive: `DROP INDEX order_at;
ALTER TABLE "Order" ADD CONSTRAINT order_at UNIQUE (id, at);
ALTER TABLE "Order" ALTER at SET NOT NULL, ALTER at SET DEFAULT clock_timestamp()`,
    new: `INSERT INTO "Order" (id, customer, legacy) SELECT max(id) + 1, 2, 'z' FROM "Order"`,
  },
]);
