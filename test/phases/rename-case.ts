import type { HarnessCase } from "./harness.ts";

/**
 * A renamed column under both releases, which insert, update, upsert and write NULL, each write with a note of what was
 * written in the same transaction: the last note of a row says what must be in it.
 */
export const renameCase: HarnessCase = {
  name: "a renamed column, each write noted",
  atOnce: true,
  base: `
CREATE TABLE note (n bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, id integer NOT NULL, value text, release text NOT NULL);
CREATE TABLE person (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  "Full Name" text CHECK ("Full Name" <> ''),
  visits integer NOT NULL DEFAULT 0
);
CREATE INDEX ON person ("Full Name");
INSERT INTO person ("Full Name") SELECT CASE WHEN n % 7 = 0 THEN NULL ELSE 'Name ' || n END FROM generate_series(1, 3000) n;
`,
  naive: `ALTER TABLE person RENAME COLUMN "Full Name" TO name;`,
  old: statements('"Full Name"', "old"),
  new: statements("name", "new"),
  wrongWhileBoth: `SELECT * FROM (SELECT DISTINCT ON (id) id, value FROM note ORDER BY id, n DESC) l JOIN person USING (id)
    WHERE value IS DISTINCT FROM name OR value IS DISTINCT FROM "Full Name" LIMIT 3`,
  wrongAtTheEnd: `SELECT * FROM (SELECT DISTINCT ON (id) id, value FROM note ORDER BY id, n DESC) l LEFT JOIN person USING (id)
    WHERE value IS DISTINCT FROM name LIMIT 3`,
};

/**
 * What is to be written is known before it is, and noted behind it: the row is locked then, so that the order of notes
 * is that of the writes.
 */
function statements(column: string, release: string): string {
  const text = `'${release} ' || clock_timestamp()`;
  const some = "(SELECT id FROM person ORDER BY random() LIMIT 1) AS id";
  const noted = `INSERT INTO note (id, value, release) SELECT id, value, '${release}' FROM w`;
  const insert = (value: string) =>
    `WITH v AS MATERIALIZED (SELECT ${value} AS value), w AS (INSERT INTO person (${column}) SELECT value FROM v RETURNING id, (SELECT value FROM v) AS value) ${noted}`;
  const update = (value: string) =>
    `WITH v AS MATERIALIZED (SELECT ${value} AS value, ${some}), w AS (UPDATE person SET ${column} = v.value FROM v WHERE person.id = v.id RETURNING person.id, v.value) ${noted}`;
  const upsert = `WITH v AS MATERIALIZED (SELECT ${text} AS value, ${some}), w AS (INSERT INTO person (id, ${column}) OVERRIDING SYSTEM VALUE SELECT id, value FROM v
       ON CONFLICT (id) DO UPDATE SET ${column} = EXCLUDED.${column} RETURNING id, (SELECT value FROM v) AS value) ${noted}`;
  const bare = `WITH w AS (INSERT INTO person (visits) VALUES (1) RETURNING id, NULL AS value) ${noted}`;
  const other =
    "UPDATE person SET visits = visits + 1 WHERE id = (SELECT id FROM person ORDER BY random() LIMIT 1)";
  return [
    insert(text),
    bare,
    insert("NULL::text"),
    update(text),
    update("NULL::text"),
    other,
    upsert,
  ]
    .map((statement) => `BEGIN;\n${statement};\nCOMMIT`)
    .join(";\n");
}
