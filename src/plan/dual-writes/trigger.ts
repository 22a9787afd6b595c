import { dollarQuoted } from "./quoting.ts";

/** A trigger function that looks names up in `path` alone, whoever writes. */
export function triggerFunction(name: string, path: string, body: string): string {
  return `CREATE OR REPLACE FUNCTION ${name}() RETURNS trigger LANGUAGE plpgsql SET search_path = ${path} AS ${dollarQuoted(body)}`;
}

/** A row trigger before `events`, which fires under `session_replication_role = replica` too. */
export function rowTrigger(
  name: string,
  table: string,
  events: string,
  routine: string,
): readonly string[] {
  return [
    `CREATE OR REPLACE TRIGGER ${name} BEFORE ${events} ON ${table} FOR EACH ROW EXECUTE FUNCTION ${routine}()`,
    `ALTER TABLE ${table} ENABLE ALWAYS TRIGGER ${name}`,
  ];
}
