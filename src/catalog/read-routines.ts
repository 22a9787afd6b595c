import type { Aggregate, Routine } from "./model-programs.ts";
import { readOptions } from "./read-relations.ts";
import type { ServerFacts } from "./read-server.ts";
import { notFromExtension } from "./read-types.ts";
import { named, type Named } from "./type-refs.ts";

const volatilities = { i: "immutable", s: "stable", v: "volatile" } as const;
const parallels = { s: "safe", r: "restricted", u: "unsafe" } as const;
const routineKinds = { f: "function", p: "procedure", w: "window" } as const;
const aggregateKinds = { n: "normal", o: "ordered-set", h: "hypothetical-set" } as const;

interface RoutineHead {
  readonly oid: number;
  readonly schema: number;
  readonly name: string;
  readonly identity: string;
  readonly arguments: string;
  readonly result: string | null;
  readonly parallel: keyof typeof parallels;
}

export interface RoutineRow extends RoutineHead {
  readonly kind: keyof typeof routineKinds;
  readonly language: string;
  readonly volatility: keyof typeof volatilities;
  readonly strict: boolean;
  readonly definer: boolean;
  readonly leakproof: boolean;
  readonly cost: number;
  readonly rows: number;
  readonly options: readonly string[] | null;
  readonly body: string;
  readonly library: string | null;
}

const headSelection = `p.oid::int8, p.pronamespace::int8 AS schema, p.proname AS name,
  pg_catalog.oidvectortypes(p.proargtypes) AS identity, pg_catalog.pg_get_function_arguments(p.oid) AS arguments,
  pg_catalog.pg_get_function_result(p.oid) AS result, p.proparallel AS parallel`;

/** Functions, procedures and window functions of the given schemas ($1 oid[]). */
export const routinesSql = `
SELECT ${headSelection}, p.prokind AS kind, l.lanname AS language, p.provolatile AS volatility,
  p.proisstrict AS strict, p.prosecdef AS definer, p.proleakproof AS leakproof, p.procost AS cost,
  p.prorows AS rows, p.proconfig AS options, coalesce(pg_catalog.pg_get_function_sqlbody(p.oid), p.prosrc) AS body,
  p.probin AS library
FROM pg_catalog.pg_proc p
JOIN pg_catalog.pg_language l ON l.oid = p.prolang
WHERE p.pronamespace = ANY ($1::oid[]) AND p.prokind <> 'a' AND ${notFromExtension("pg_proc", "p.oid")}
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend i WHERE i.classid = 'pg_catalog.pg_proc'::regclass
    AND i.objid = p.oid AND i.deptype = 'i')`;

export function readRoutine(row: RoutineRow, facts: ServerFacts): Routine {
  return {
    schema: facts.schemaNames.get(row.schema) ?? "",
    name: row.name,
    kind: routineKinds[row.kind],
    identity: row.identity,
    arguments: row.arguments,
    result: row.result,
    language: row.language,
    volatility: volatilities[row.volatility],
    parallel: parallels[row.parallel],
    strict: row.strict,
    security: row.definer ? "definer" : "invoker",
    leakproof: row.leakproof,
    cost: row.cost,
    rows: row.rows,
    options: readOptions(row.options),
    body: row.body,
    library: row.library,
  };
}

export interface AggregateRow extends RoutineHead {
  readonly kind: keyof typeof aggregateKinds;
  readonly transition: Named;
  readonly state_type: string;
  readonly final: Named | null;
  readonly combine: Named | null;
  readonly initial: string | null;
}

const functionName = (oid: string): string =>
  `(SELECT json_build_array(f.pronamespace::int8, f.proname) FROM pg_catalog.pg_proc f WHERE f.oid = ${oid})`;

export const aggregatesSql = `
SELECT ${headSelection}, a.aggkind AS kind, ${functionName("a.aggtransfn")} AS transition,
  pg_catalog.format_type(a.aggtranstype, NULL) AS state_type, ${functionName("a.aggfinalfn")} AS final,
  ${functionName("a.aggcombinefn")} AS combine, a.agginitval AS initial
FROM pg_catalog.pg_proc p
JOIN pg_catalog.pg_aggregate a ON a.aggfnoid = p.oid
WHERE p.pronamespace = ANY ($1::oid[]) AND ${notFromExtension("pg_proc", "p.oid")}`;

export function readAggregate(row: AggregateRow, facts: ServerFacts): Aggregate {
  return {
    schema: facts.schemaNames.get(row.schema) ?? "",
    name: row.name,
    identity: row.identity,
    arguments: row.arguments,
    result: row.result ?? "",
    kind: aggregateKinds[row.kind],
    parallel: parallels[row.parallel],
    transition: named(row.transition, facts) ?? "",
    stateType: row.state_type,
    final: named(row.final, facts),
    combine: named(row.combine, facts),
    initial: row.initial,
  };
}
