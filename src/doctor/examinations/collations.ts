import { quoteIdent } from "../../sql/index.ts";
import { each, type Diagnosis, type Examination } from "../examination.ts";

interface Row {
  readonly name: string;
  readonly isDatabase: boolean;
  readonly recorded: string;
  readonly actual: string;
}

/** A database's own collation has a version from 15 on (manual, CREATE DATABASE … COLLATION_VERSION). */
const versions = (major: number) => `
  SELECT pg_catalog.format('%I.%I', n.nspname, c.collname) AS name, false AS "isDatabase", c.collversion AS recorded,
         pg_catalog.pg_collation_actual_version(c.oid) AS actual
    FROM pg_catalog.pg_collation c JOIN pg_catalog.pg_namespace n ON n.oid = c.collnamespace
   WHERE c.collversion IS NOT NULL AND c.collversion IS DISTINCT FROM pg_catalog.pg_collation_actual_version(c.oid)
     AND EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.refclassid = 'pg_catalog.pg_collation'::pg_catalog.regclass AND d.refobjid = c.oid)
  ${
    major < 15
      ? ""
      : `UNION ALL
  SELECT datname, true, datcollversion, pg_catalog.pg_database_collation_actual_version(oid) FROM pg_catalog.pg_database
   WHERE datname = pg_catalog.current_database() AND datcollversion IS DISTINCT FROM pg_catalog.pg_database_collation_actual_version(oid)
     AND datcollversion IS NOT NULL`
  }
   ORDER BY 2 DESC, 1`;

export const collations: Examination = {
  name: "collations",
  question: "Do the libraries still sort text as when the indexes were built?",
  async examine({ database, facts: { major } }) {
    const { rows } = await database.query<Row>(versions(major));
    if (rows.length === 0) return [{ verdict: "ok", found: "versions are as recorded" }];
    return each(
      rows,
      ({ name, isDatabase, recorded, actual }): Diagnosis => ({
        verdict: "danger",
        object: isDatabase ? `database ${name}` : `collation ${name}`,
        found: `recorded version ${recorded}, the library's is ${actual}`,
        means:
          "indexes over text may be in another order than the library's now: rows are not found, and duplicates get into unique indexes",
        next: [
          "REINDEX INDEX CONCURRENTLY each index over text with it",
          isDatabase
            ? `then: ALTER DATABASE ${quoteIdent(name)} REFRESH COLLATION VERSION`
            : `then: ALTER COLLATION ${name} REFRESH VERSION`,
        ],
      }),
      "collation",
    );
  },
};
