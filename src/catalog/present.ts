import type { CatalogPart } from "./model.ts";

/** Where it is seen whether a kind of objects is there: an expression, over what a scan of one catalog has found. */
interface Sign {
  readonly part: CatalogPart;
  readonly of?: keyof typeof scans;
  readonly sql: string;
}

/** Catalogs that more than one sign is read from. */
const scans = {
  y: "pg_catalog.pg_type WHERE typnamespace",
  p: "pg_catalog.pg_proc WHERE pronamespace",
  c: "pg_catalog.pg_class WHERE relnamespace",
} as const;

const signs = {
  enums: { part: "enums", of: "y", sql: "bool_or(typtype = 'e')" },
  domains: { part: "domains", of: "y", sql: "bool_or(typtype = 'd')" },
  rangeTypes: { part: "rangeTypes", of: "y", sql: "bool_or(typtype = 'r')" },
  typeGrants: { part: "grants", of: "y", sql: "bool_or(typacl IS NOT NULL)" },
  routines: { part: "routines", of: "p", sql: "bool_or(prokind <> 'a')" },
  aggregates: { part: "aggregates", of: "p", sql: "bool_or(prokind = 'a')" },
  routineGrants: { part: "grants", of: "p", sql: "bool_or(proacl IS NOT NULL)" },
  relationGrants: { part: "grants", of: "c", sql: "bool_or(relacl IS NOT NULL)" },
  triggers: {
    part: "triggers",
    sql: "EXISTS (SELECT FROM pg_catalog.pg_trigger WHERE NOT tgisinternal OR tgparentid <> 0)",
  },
  policies: { part: "policies", sql: "EXISTS (SELECT FROM pg_catalog.pg_policy)" },
  // Not by pg_class.relhasrules, which VACUUM takes back under the eyes of older snapshots (vac_update_relstats, vacuum.c).
  rules: {
    part: "rules",
    sql: `EXISTS (SELECT FROM pg_catalog.pg_rewrite w JOIN pg_catalog.pg_class o ON o.oid = w.ev_class
    WHERE w.rulename <> '_RETURN' AND o.relnamespace = ANY ($1::oid[]))`,
  },
  statistics: { part: "statistics", sql: "EXISTS (SELECT FROM pg_catalog.pg_statistic_ext)" },
  comments: {
    part: "comments",
    sql: "EXISTS (SELECT FROM pg_catalog.pg_description WHERE objoid >= 16384)",
  },
} as const satisfies Readonly<Record<string, Sign>>;

/** A part of the catalog, or objects of a kind on which somebody was granted or refused something. */
export type Presence = keyof typeof signs;

const kinds = Object.keys(signs) as readonly Presence[];

/** True for a part of which many databases have nothing. */
export function isOptional(part: string): part is Presence {
  return part in signs;
}

export interface PresentRow {
  /** Of each wanted kind, whether there may be any, as text so that no client's type parsers get between: `{t,f,NULL}`. */
  readonly present: string;
}

/**
 * Asks what stands in the given schemas ($1 oid[]), of the kinds that many databases have none of: to plan a query for each of
 * them takes a server about as long as to read all tables of a small schema. An answer may be yes without need. Undefined where
 * so few parts are wanted that they are asked for sooner than asked about.
 */
export function presentSql(parts: ReadonlySet<CatalogPart>): string | undefined {
  if ([...parts].filter(isOptional).length <= 3) return undefined;
  const asked: readonly (readonly [Presence, Sign])[] = kindsOf(parts).map((kind) => [
    kind,
    signs[kind],
  ]);
  const answers = asked.map(([kind, { of, sql }]) => (of === undefined ? sql : `${of}."${kind}"`));
  const from = Object.entries(scans).flatMap(([name, rows]) => {
    const columns = asked.filter(([, { of }]) => of === name);
    const list = columns.map(([kind, { sql }]) => `${sql} AS "${kind}"`).join(", ");
    return columns.length === 0
      ? []
      : [`(SELECT ${list} FROM ${rows} = ANY ($1::oid[])) AS ${name}`];
  });
  // The last one only gives $1 its type.
  return `
SELECT ARRAY[${answers.join(",\n  ")}]::text AS present
FROM ${[...from, "(SELECT $1::oid[]) AS given"].join(",\n  ")}`;
}

function kindsOf(parts: ReadonlySet<CatalogPart>): readonly Presence[] {
  return kinds.filter((kind) => parts.has(signs[kind].part));
}

/** What may be there of the wanted parts: all of it as long as nobody has asked. */
export function readPresent(
  parts: ReadonlySet<CatalogPart>,
  row: PresentRow | undefined,
): ReadonlySet<Presence> {
  const answers = row?.present.slice(1, -1).split(",");
  return new Set(kindsOf(parts).filter((_, n) => answers === undefined || answers[n] === "t"));
}
