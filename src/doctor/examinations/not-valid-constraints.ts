import { each, type Examination } from "../examination.ts";

interface Row {
  readonly table: string;
  readonly name: string;
  readonly definition: string;
}

/** From 18 on NOT ENFORCED is never valid, and meant so. */
const notValid = (major: number) => `
  SELECT CASE WHEN k.contypid = 0 THEN pg_catalog.format('%I.%I', n.nspname, t.relname)
              ELSE 'domain ' || pg_catalog.format_type(k.contypid, NULL) END AS table,
         pg_catalog.quote_ident(k.conname) AS name, pg_catalog.pg_get_constraintdef(k.oid, true) AS definition
    FROM pg_catalog.pg_constraint k
    LEFT JOIN pg_catalog.pg_class t ON t.oid = k.conrelid LEFT JOIN pg_catalog.pg_namespace n ON n.oid = t.relnamespace
   WHERE NOT k.convalidated AND k.contype IN ('c', 'f', 'n') AND k.conparentid = 0${major >= 18 ? " AND k.conenforced" : ""}
   ORDER BY 1, 2`;

export const notValidConstraints: Examination = {
  name: "not-valid-constraints",
  question: "Was every constraint checked against the rows that were there before it?",
  async examine({ database, facts: { major } }) {
    const { rows } = await database.query<Row>(notValid(major));
    if (rows.length === 0) return [{ verdict: "ok", found: "all of them" }];
    return each(
      rows,
      ({ table, name, definition }) => ({
        verdict: "warning",
        object: `${table} ${name}`,
        found: definition,
        means:
          "old rows may break it; the planner does not trust it, and SET NOT NULL or ATTACH PARTITION that builds on it scans the table",
        next: [
          `ALTER ${table.startsWith("domain ") ? table.replace("domain", "DOMAIN") : `TABLE ${table}`} VALIDATE CONSTRAINT ${name}`,
        ],
      }),
      "constraint",
    );
  },
};
