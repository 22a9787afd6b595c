import { describe, expect, it } from "vitest";
import { shapeOf } from "../../src/sql/index.ts";

const known = new Set(
  "patient id name card at tags note visit patient_id lower now count public date Weird".split(" "),
);

async function shaped(sql: string): Promise<string> {
  const shape = await shapeOf(sql);
  return typeof shape === "string" ? shape : shape.write(known);
}

describe("the shape of a statement", () => {
  it.each([
    [
      `SELECT p.id, p.name AS "Ermintrude" FROM patient p /* user=Quux */ WHERE lower(p.name) = lower('secret') AND card IN (1, -2, 3.5) -- tail\n ORDER BY 1, p.name LIMIT 10 OFFSET $1`,
      "SELECT a1.id, a1.name AS a2 FROM patient a1 WHERE lower(a1.name) = lower($2) AND card IN ($3, $4, $5) ORDER BY 1, a1.name LIMIT $6 OFFSET $1",
    ],
    [
      `select name::varchar(30), count(*) from public.patient where note = E'x\\'y' and tags && $tag$a$tag$ and name = U&'\\0041' and id = 0x1F and at > 'a'\n'b' group by 1`,
      "select name::varchar(30), count(*) from public.patient where note = $1 and tags && $2 and name = $3 and id = $4 and at > $5 group by 1",
    ],
    [
      "INSERT INTO patient (id, note) VALUES ($1, NULL), (1e5, true) ON CONFLICT (id) DO UPDATE SET note = excluded.note || 'k'",
      "INSERT INTO patient (id, note) VALUES ($1, $2), ($3, $4) ON CONFLICT (id) DO UPDATE SET note = excluded.note || $5",
    ],
    [
      "SELECT date '1931-07-13', interval $1, timestamp with time zone '1931-07-13 00:00' FROM patient WHERE note IN ($2 /*, ... */)",
      "SELECT CAST($3 AS date), CAST($1 AS interval), CAST($4 AS timestamp with time zone) FROM patient WHERE note IN ($2 )",
    ],
    [
      `WITH ermintrude AS (SELECT id FROM pg_temp.quux) SELECT "Weird", "wEird", "quux""" FROM ermintrude WHERE at = x'ff' AND card = .5 AND id = b'01'`,
      `WITH a1 AS (SELECT id FROM a2.a3) SELECT "Weird", a4, a5 FROM a1 WHERE at = $1 AND card = $2 AND id = $3`,
    ],
    ["SELECT extract(epoch FROM at) FROM patient", "SELECT extract($1 FROM at) FROM patient"],
  ])("%s", async (sql, expected) => {
    const written = await shaped(sql);
    expect(written).toBe(expected);
    const again = await shapeOf(written);
    if (typeof again === "string") throw new Error(again);
    expect(again.write(new Set(again.names))).toBe(written);
  });

  it.each([
    ["SET x = 'secret'", "no query"],
    ["DECLARE c CURSOR FOR SELECT 'secret'", "no query"],
    ["SELECT 'secret' AS a INTO note FROM patient", "no query"],
    ["", "no query"],
    ["SELECT 'secret", "not to be parsed"],
    ["SELECT 1; SELECT 'secret'", "not to be parsed"],
    [`SELECT U&"secret" FROM patient`, "not to be parsed"],
  ])("%s has none: %s", async (sql, expected) => {
    expect(await shaped(sql)).toBe(expected);
  });
});
