import { expect, it } from "vitest";
import { Tables } from "../../src/rehearse/columns-in-scope.ts";
import { parametersOf, sourcesOf } from "../../src/rehearse/parameters.ts";
import { parseSql } from "../../src/sql/index.ts";

const tables = new Tables(
  new Map([
    ["public.patient", ["id", "name", "card", "note", "tags"]],
    ["public.visit", ["id", "patient_id", "at", "seen"]],
    ["other.visit", ["id", "own"]],
  ]),
  ["public"],
);

/** Each parameter with its column; ? where it is not known. */
async function told(sql: string): Promise<string> {
  const [only] = await parseSql(sql, "test");
  const sources = sourcesOf(only!.node, tables);
  return [...parametersOf(only!.node)]
    .toSorted((a, b) => a - b)
    .map((number) => {
      const source = sources.get(number);
      if (source === undefined) return "?";
      if (source.from === "row")
        return `${source.relation}.${source.column}${source.many ? "[]" : ""}`;
      return source.from === "new-row"
        ? `${source.relation}.${source.column}+${source.row}`
        : source.from;
    })
    .join(" ");
}

it.each([
  [
    "SELECT $1 FROM patient p JOIN visit v ON v.patient_id = p.id AND v.seen = $2 WHERE p.name = $3 AND v.at BETWEEN $4 AND $5 AND p.id IN ($6, $7) LIMIT $8 OFFSET $9",
    "any public.visit.seen public.patient.name public.visit.at public.visit.at public.patient.id public.patient.id limit offset",
  ],
  [
    "UPDATE patient SET name = $1, card = coalesce(card, $2) + $3, note = CASE id WHEN $4 THEN $5 ELSE $6 END WHERE id = ANY($7::int[]) AND lower(note) = lower($8)",
    "public.patient.name public.patient.card public.patient.card public.patient.id public.patient.note public.patient.note public.patient.id[] public.patient.note",
  ],
  [
    "INSERT INTO patient (id, name) VALUES ($1, $2), ($3, lower($4)) ON CONFLICT (id) DO UPDATE SET name = excluded.name, note = $5 WHERE patient.id > $6",
    "public.patient.id+0 public.patient.name+0 public.patient.id+1 public.patient.name+1 public.patient.note public.patient.id",
  ],
  [
    "INSERT INTO visit SELECT $1, id, $2 FROM patient WHERE name = $3",
    "public.visit.id+0 public.visit.at+0 public.patient.name",
  ],
  [
    "DELETE FROM visit USING patient WHERE patient_id = patient.id AND patient.name LIKE $1",
    "public.patient.name",
  ],
  [
    "SELECT t.id FROM (SELECT p.id, p.name AS n FROM patient p WHERE $1 = $2) t LEFT JOIN LATERAL (SELECT v.id FROM visit v WHERE v.patient_id = t.id AND v.at > $3) x ON $4 WHERE t.n = $5 AND (t.id, t.n) > ($6, $7)",
    "any any public.visit.at true public.patient.name public.patient.id public.patient.name",
  ],
  [
    "WITH visit AS (SELECT id FROM patient WHERE card = $1) SELECT * FROM visit WHERE id = $2",
    "public.patient.card ?",
  ],
  ["SELECT id FROM other.visit WHERE own = $1 AND at = $2", "other.visit.own ?"],
  [
    "SELECT id FROM patient WHERE ($1 IS NULL OR name = $1) AND tags @> $2",
    "public.patient.name public.patient.tags",
  ],
  ["SELECT id FROM visit WHERE at > now() - $1::interval", "?"],
  ["SELECT id FROM patient WHERE note ->> $1 = $2", "? public.patient.note"],
  [
    "MERGE INTO patient t USING visit s ON t.id = s.id WHEN MATCHED AND s.seen = $1 THEN UPDATE SET name = $2 WHEN NOT MATCHED THEN INSERT (id, name) VALUES ($3, $4)",
    "public.visit.seen public.patient.name public.patient.id+0 public.patient.name+0",
  ],
  [
    "SELECT id FROM patient WHERE id IN (SELECT patient_id FROM visit WHERE id = $1) AND EXISTS (SELECT $2 FROM visit WHERE at = $3 AND name = $4) UNION SELECT id FROM visit WHERE seen = $5",
    "public.visit.id any public.visit.at public.patient.name public.visit.seen",
  ],
  ["SELECT * FROM unnest($1::int[]) AS u(id) WHERE id = $2", "? ?"],
  [
    "SELECT coalesce(note, $1::text), card * $2, nullif(note, $3) FROM patient",
    "any public.patient.card public.patient.note",
  ],
  [
    "UPDATE patient SET (name, note) = ($1, $2) WHERE (id, name) IN (($3, $4)) RETURNING coalesce(note, $5)",
    "public.patient.name public.patient.note public.patient.id public.patient.name any",
  ],
  ["SELECT * FROM gone WHERE id = $1", "?"],
])("%s", async (sql, expected) => {
  expect(await told(sql)).toBe(expected);
});
