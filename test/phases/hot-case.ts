import type { HarnessCase } from "./harness.ts";

/** Every twentieth of a second all of them have the same number. */
const now = "floor(extract(epoch FROM clock_timestamp()) * 20)::bigint";
const untilNext =
  "SELECT pg_sleep((0.05 - mod(extract(epoch FROM clock_timestamp())::numeric, 0.05))::float8)";

/**
 * Upserts by several sessions of each release that all begin in one moment, with keys that no row has yet, one alone and
 * then some together: each is the first or finds the row of who was. A renamed column, a changed type and a conversion, each
 * with a unique index on both forms, and an index that goes with the one that comes beside it.
 */
export const hotCase: HarnessCase = {
  name: "upserts of the same new keys in the same moment, of both releases",
  base: `
CREATE TABLE post (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, url text NOT NULL UNIQUE, n integer NOT NULL DEFAULT 1);
CREATE TABLE code (code integer PRIMARY KEY, n integer NOT NULL DEFAULT 1);
CREATE TABLE person (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, mail text, gone boolean NOT NULL DEFAULT false, n integer NOT NULL DEFAULT 1);
CREATE UNIQUE INDEX person_by_mail ON person (lower(mail)) WHERE NOT gone;
CREATE TABLE seat (number bigint NOT NULL, kind text NOT NULL DEFAULT 'chair', n integer NOT NULL DEFAULT 1);
CREATE UNIQUE INDEX seat_number ON seat (number);
INSERT INTO seat SELECT -n FROM generate_series(1, 500) n;
INSERT INTO post (url) SELECT 'old ' || n FROM generate_series(1, 500) n;
INSERT INTO code (code) SELECT -n FROM generate_series(1, 500) n;
INSERT INTO person (mail) SELECT 'Old ' || n FROM generate_series(1, 500) n;
`,
  naive: `
ALTER TABLE post RENAME COLUMN url TO address;
ALTER TABLE code ALTER COLUMN code TYPE bigint;
-- lockstep: mail = address
ALTER TABLE person ADD COLUMN address text UNIQUE;
UPDATE person SET address = lower(mail);
ALTER TABLE person DROP COLUMN mail;
DROP INDEX seat_number;
CREATE UNIQUE INDEX seat_number_kind ON seat (number, kind);
`,
  old: "SELECT 1",
  new: "SELECT 1",
  hot: {
    old: hotUpserts("url", "mail", "(lower(mail)) WHERE NOT gone", "(number)"),
    new: hotUpserts("address", "address", "(address)", "(number, kind)"),
  },
};

function hotUpserts(url: string, mail: string, byMail: string, bySeat: string): string {
  const upsert = (table: string, column: string, arbiter: string, values: string) =>
    `INSERT INTO ${table} (${column}) SELECT ${values} ON CONFLICT ${arbiter} DO UPDATE SET n = ${table}.n + 1`;
  const nothing = (table: string, column: string, arbiter: string, values: string) =>
    `INSERT INTO ${table} (${column}) SELECT ${values} ON CONFLICT ${arbiter} DO NOTHING`;
  const several = "FROM generate_series(1, 3) g ORDER BY g";
  return [
    upsert("post", url, `(${url})`, `'p' || ${now}`),
    nothing("post", url, `(${url})`, `'q' || ${now}`),
    upsert("post", url, `(${url})`, `'r' || ${now} || '/' || g ${several}`),
    upsert("code", "code", "(code)", `(${now} % 100000000)::integer`),
    upsert(
      "code",
      "code",
      "(code)",
      `(1000000000 + ${now} % 100000000 + g * 100000000)::integer ${several}`,
    ),
    upsert("person", mail, byMail, `'m' || ${now}`),
    nothing("person", mail, byMail, `'n' || ${now} || '/' || g ${several}`),
    upsert("seat", "number", bySeat, now),
    nothing("seat", "number", bySeat, `-1000 * ${now} - g ${several}`),
  ]
    .map((statement) => `${untilNext};\nBEGIN;\n${statement};\nCOMMIT`)
    .join(";\n");
}
