import { quoteIdent } from "../../sql/index.ts";
import { count, each, type Diagnosis, type Examination } from "../examination.ts";

interface Owner {
  readonly owner: string;
  readonly tables: number;
  readonly example: string;
}

/** Tables, views and sequences that the role cannot alter: only members of the owner may (manual 5.8). */
const owners = `
  SELECT pg_catalog.pg_get_userbyid(c.relowner) AS owner, pg_catalog.count(*)::pg_catalog.int4 AS tables,
         pg_catalog.min(pg_catalog.format('%I.%I', n.nspname, c.relname)) AS example
    FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
     AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
     AND n.nspname NOT LIKE 'pg\\_temp\\_%'
     AND NOT pg_catalog.pg_has_role(c.relowner, 'USAGE')
     AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                      WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid AND d.deptype = 'e')
   GROUP BY 1 ORDER BY 2 DESC, 1`;

export const privileges: Examination = {
  name: "privileges",
  question: "May this role change the schema, and see and end what stands in its way?",
  async examine({ database, facts }) {
    const me = quoteIdent(facts.user);
    const { rows } = await database.query<Owner>(owners);
    const all: Diagnosis[] = [
      ...each(
        rows,
        ({ owner, tables, example }) => ({
          verdict: "warning",
          object: owner,
          found: `owns ${count(tables, "relation")} that ${me} may not alter, such as ${example}`,
          means:
            "a migration that changes one of them fails: only its owner may, grants do not help",
          next: [`GRANT ${quoteIdent(owner)} TO ${me}`, `or run Lockstep as ${quoteIdent(owner)}`],
        }),
        "owner",
      ),
    ];
    if (!facts.canCreate)
      all.push({
        verdict: "warning",
        found: `${me} may not create schemas in ${quoteIdent(facts.database)}`,
        means:
          "a migration that creates one, and Lockstep's own ledger at its first run, would fail",
        next: [`GRANT CREATE ON DATABASE ${quoteIdent(facts.database)} TO ${me}`],
      });
    if (!facts.seesOtherSessions)
      all.push({
        verdict: "warning",
        found: `${me} does not see what other roles' sessions do`,
        means:
          "who stands in a migration's way is counted, not named, and several lines here are unknown",
        next: [`GRANT pg_monitor TO ${me}`],
      });
    if (!facts.signalsOtherSessions)
      all.push({
        verdict: "note",
        found: `${me} may not end other roles' sessions`,
        means: "lockstep blockers end needs another role",
        next: [`GRANT pg_signal_backend TO ${me}`],
      });
    return all.length > 0
      ? all
      : [{ verdict: "ok", found: `${me} may alter every relation, and sees other sessions` }];
  },
};
