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
