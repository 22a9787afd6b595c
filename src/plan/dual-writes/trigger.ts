import { quoteLiteral } from "../../sql/index.ts";
import { dollarQuoted } from "./quoting.ts";

/** With whose rights a function runs: those of whoever writes, or those of its owner. */
export type Rights = "invoker" | "definer";

/** A trigger function that looks names up in `path` alone, whoever writes. */
export function triggerFunction(
  name: string,
  path: string,
  body: string,
  rights: Rights = "invoker",
): string {
  const security = rights === "definer" ? " SECURITY DEFINER" : "";
  return `CREATE OR REPLACE FUNCTION ${name}() RETURNS trigger LANGUAGE plpgsql${security} SET search_path = ${path} AS ${dollarQuoted(body)}`;
}

/**
 * Nobody but its owner and the table's may execute a trigger's function that runs with its owner's rights, whatever
 * default privileges give: with it on a table of one's own, whose columns are of types of one's own, one's casts would
 * run with those rights. A trigger that is there fires for all the same. The table's owner makes it on new partitions,
 * and could have the plan's own writes run triggers of his anyway.
 *
 * @param name of the function, quoted; the statement stands behind the one that makes it, in one transaction
 */
export function forItsTableAlone(name: string, table: string): string {
  const routine = quoteLiteral(`${name}()`).trim();
  const body = [
    "DECLARE",
    "  role text;",
    "BEGIN",
    "  FOR role IN",
    "    SELECT DISTINCT CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE a.grantee::pg_catalog.regrole::text END",
    "    FROM pg_catalog.pg_proc AS p,",
    "      pg_catalog.aclexplode(coalesce(p.proacl, pg_catalog.acldefault('f', p.proowner))) AS a",
    `    WHERE p.oid = ${routine}::pg_catalog.regprocedure AND a.grantee <> p.proowner`,
    "  LOOP",
    `    EXECUTE pg_catalog.format('REVOKE ALL ON FUNCTION %s FROM %s CASCADE', ${routine}, role);`,
    "  END LOOP;",
    "  SELECT c.relowner::pg_catalog.regrole::text INTO STRICT role FROM pg_catalog.pg_class AS c",
    `  WHERE c.oid = ${quoteLiteral(table).trim()}::pg_catalog.regclass;`,
    `  EXECUTE pg_catalog.format('GRANT EXECUTE ON FUNCTION %s TO %s', ${routine}, role);`,
    "END",
  ].join("\n");
  return `DO ${dollarQuoted(body)}`;
}

/**
 * What stands in front of the first `DROP TRIGGER` of a transaction. It takes the locks of a partitioned table's
 * partitions before the table's own (RemoveTriggerById, trigger.c), and who reads the table takes them the other way
 * round: one of the two would be ended for a deadlock.
 */
export function parentFirst(table: string, isPartitioned: boolean): readonly string[] {
  return isPartitioned ? [`LOCK TABLE ONLY ${table} IN ACCESS EXCLUSIVE MODE`] : [];
}

/**
 * A row trigger before `events`, which fires under `session_replication_role = replica` too.
 *
 * @param args what it gives its function, as `TG_ARGV`
 */
export function rowTrigger(
  name: string,
  table: string,
  events: string,
  routine: string,
  args: readonly string[] = [],
): readonly string[] {
  const call = `${routine}(${args.map((arg) => quoteLiteral(arg).trim()).join(", ")})`;
  return alwaysTrigger(name, table, `BEFORE ${events}`, "ROW", call);
}

/**
 * A trigger that fires under `session_replication_role = replica` too.
 *
 * @param when `AFTER INSERT OR UPDATE`
 * @param call the function with its arguments
 */
export function alwaysTrigger(
  name: string,
  table: string,
  when: string,
  each: "ROW" | "STATEMENT",
  call: string,
): readonly string[] {
  return [
    `CREATE OR REPLACE TRIGGER ${name} ${when} ON ${table} FOR EACH ${each} EXECUTE FUNCTION ${call}`,
    `ALTER TABLE ${table} ENABLE ALWAYS TRIGGER ${name}`,
  ];
}
