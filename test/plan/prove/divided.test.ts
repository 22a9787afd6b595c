import { expect, it } from "vitest";
import { proofOf } from "./proof-of.ts";

/** No row is let into `dog` itself. */
const base = `
CREATE TABLE animal (id integer, name text);
CREATE TABLE dog (breed text, CHECK (false) NO INHERIT) INHERITS (animal);
CREATE TABLE puppy (age integer, UNIQUE (id)) INHERITS (dog);
INSERT INTO puppy SELECT n, 'Puppy ' || n, 'mixed', 1 FROM generate_series(1, 20) n;
CREATE TABLE visit (id bigint NOT NULL, at date NOT NULL, n integer, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
CREATE TABLE visit_2026 PARTITION OF visit FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
CREATE TABLE visit_rest PARTITION OF visit DEFAULT;
`;

it.each([
  [
    "a table gets another name, and has rows in its children alone",
    "ALTER TABLE dog RENAME TO hound",
  ],
  ["the rows of a partition get another key", "UPDATE visit_2026 SET id = 1"],
])(
  "is proven: %s",
  async (_name, naive) => {
    expect((await proofOf(base, naive)).failures).toEqual([]);
  },
  120_000,
);
