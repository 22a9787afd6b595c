import type { EventTrigger, EventTriggerEvent } from "../model.ts";

export interface EventTriggerRow {
  readonly name: string;
  readonly event: EventTriggerEvent;
  readonly tags: readonly string[];
  readonly routine: number;
  readonly enabled: boolean;
}

export const eventTriggersSql = `
SELECT evtname AS name, evtevent AS event, coalesce(evttags, '{}') AS tags, evtfoid AS routine,
  evtenabled IN ('O', 'A') AS enabled
FROM pg_catalog.pg_event_trigger`;

export function eventTriggers(rows: readonly EventTriggerRow[]): ReadonlyMap<string, EventTrigger> {
  return new Map(rows.map((row) => [row.name, { ...row }]));
}

/** Collations that take different texts for equal: Postgres brings none. */
export const nondeterministicCollationsSql = `
SELECT DISTINCT collname AS name FROM pg_catalog.pg_collation WHERE NOT collisdeterministic`;

/** Access methods with default operator classes of built-in types that no extension has brought. */
export const operatorClassesSql = `
SELECT DISTINCT m.amname AS method
FROM pg_catalog.pg_opclass c JOIN pg_catalog.pg_am m ON m.oid = c.opcmethod
WHERE c.opcdefault AND c.oid >= 16384 AND NOT EXISTS (
  SELECT FROM pg_catalog.pg_depend d
  WHERE d.classid = 'pg_catalog.pg_opclass'::pg_catalog.regclass AND d.objid = c.oid AND d.deptype = 'e')`;
