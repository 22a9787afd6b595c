import type { Policy, Rule, Statistics, Trigger } from "./model-programs.ts";
import { namePart } from "./names.ts";
import type { Relation } from "./read-relations.ts";
import type { ServerFacts } from "./read-server.ts";
import { notFromExtension } from "./read-types.ts";
import { named, type Named } from "./type-refs.ts";

/** What hangs on a table or view: triggers, policies, rules, extended statistics. */
interface AttachedRow {
  readonly oid: number;
  readonly relation: number;
  readonly name: string;
}

const firing = { O: "origin", D: "disabled", R: "replica", A: "always" } as const;

const inSchemas = `JOIN pg_catalog.pg_class c ON c.oid = `;
const only = `c.relnamespace = ANY ($1::oid[]) AND c.relpersistence <> 't'`;

export interface TriggerRow extends AttachedRow {
  readonly function: Named;
  readonly enabled: keyof typeof firing;
  readonly inherited: boolean;
  readonly definition: string;
}

/**
 * Triggers that people made, not those behind foreign keys and deferrable keys. Postgres 14 marks the copies
 * on partitions as internal too; later majors do not.
 */
export const triggersSql = `
SELECT g.oid::int8, g.tgrelid::int8 AS relation, g.tgname AS name, json_build_array(f.pronamespace::int8, f.proname) AS function,
  g.tgenabled AS enabled, g.tgparentid <> 0 AS inherited, pg_catalog.pg_get_triggerdef(g.oid) AS definition
FROM pg_catalog.pg_trigger g
${inSchemas} g.tgrelid
JOIN pg_catalog.pg_proc f ON f.oid = g.tgfoid
WHERE ${only} AND (NOT g.tgisinternal OR (g.tgparentid <> 0 AND NOT EXISTS (
    SELECT FROM pg_catalog.pg_constraint k WHERE k.oid = g.tgconstraint AND k.contype <> 't')))
  AND ${notFromExtension("pg_trigger", "g.oid")}`;

export function readTrigger(row: TriggerRow, table: Relation, facts: ServerFacts): Trigger {
  return {
    table: table.key,
    name: row.name,
    function: named(row.function, facts) ?? "",
    enabled: firing[row.enabled],
    inherited: row.inherited,
    definition: row.definition,
  };
}

export interface PolicyRow extends AttachedRow {
  readonly permissive: boolean;
  readonly command: keyof typeof commands;
  readonly roles: readonly (string | null)[];
  readonly using: string | null;
  readonly with_check: string | null;
}

const commands = { "*": "all", r: "select", a: "insert", w: "update", d: "delete" } as const;

export const policiesSql = `
SELECT y.oid::int8, y.polrelid::int8 AS relation, y.polname AS name, y.polpermissive AS permissive, y.polcmd AS command,
  (SELECT json_agg(r.rolname) FROM unnest(y.polroles) AS u(role) LEFT JOIN pg_catalog.pg_roles r ON r.oid = u.role)
    AS roles,
  pg_catalog.pg_get_expr(y.polqual, y.polrelid) AS using,
  pg_catalog.pg_get_expr(y.polwithcheck, y.polrelid) AS with_check
FROM pg_catalog.pg_policy y
${inSchemas} y.polrelid
WHERE ${only}`;

export function readPolicy(row: PolicyRow, table: Relation): Policy {
  return {
    table: table.key,
    name: row.name,
    permissive: row.permissive,
    command: commands[row.command],
    roles: row.roles.map((role) => (role === null ? "PUBLIC" : namePart(role))).sort(),
    using: row.using,
    withCheck: row.with_check,
  };
}

export interface RuleRow extends AttachedRow {
  readonly enabled: keyof typeof firing;
  readonly definition: string;
}

/** Rules but for the one that makes a view a view. */
export const rulesSql = `
SELECT w.oid::int8, w.ev_class::int8 AS relation, w.rulename AS name, w.ev_enabled AS enabled,
  pg_catalog.pg_get_ruledef(w.oid) AS definition
FROM pg_catalog.pg_rewrite w
${inSchemas} w.ev_class
WHERE ${only} AND w.rulename <> '_RETURN' AND ${notFromExtension("pg_rewrite", "w.oid")}`;

export function readRule(row: RuleRow, table: Relation): Rule {
  return {
    table: table.key,
    name: row.name,
    enabled: firing[row.enabled],
    definition: row.definition,
  };
}

export interface StatisticsRow extends AttachedRow {
  readonly schema: number;
  readonly definition: string;
}

export const statisticsSql = `
SELECT z.oid::int8, z.stxrelid::int8 AS relation, z.stxname AS name, z.stxnamespace::int8 AS schema,
  pg_catalog.pg_get_statisticsobjdef(z.oid) AS definition
FROM pg_catalog.pg_statistic_ext z
WHERE z.stxnamespace = ANY ($1::oid[]) AND ${notFromExtension("pg_statistic_ext", "z.oid")}`;

export function readStatistics(
  row: StatisticsRow,
  table: Relation,
  facts: ServerFacts,
): Statistics {
  return {
    schema: facts.schemaNames.get(row.schema) ?? "",
    name: row.name,
    table: table.key,
    definition: row.definition,
  };
}
