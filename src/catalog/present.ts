/** A part of the catalog, or objects of a kind on which somebody was granted or refused something. */
export type Presence = (typeof kinds)[number];

const kinds = [
  "enums",
  "domains",
  "rangeTypes",
  "typeGrants",
  "routines",
  "aggregates",
  "routineGrants",
  "relationGrants",
  "triggers",
  "policies",
  "rules",
  "statistics",
  "comments",
] as const;

/** True for a part of which many databases have nothing. */
export function isOptional(part: string): part is Presence {
  return (kinds as readonly string[]).includes(part);
}

/** A few parts are asked for sooner than asked about. */
export function isWorthAsking(parts: ReadonlySet<string>): boolean {
  return [...parts].filter(isOptional).length > 3;
}

export interface PresentRow {
  /** Of each kind, in their order, whether there may be any, as text so that no client's type parsers get between: `{t,f,NULL}`. */
  readonly present: string;
}

/**
 * What stands in the given schemas ($1 oid[]), of the kinds that many databases have none of: to plan a query for each of
 * them takes a server longer than to read all tables of a small schema. An answer may be yes without need.
 */
export const presentSql = `
SELECT ARRAY[y.enums, y.domains, y.ranges, y.grants, p.routines, p.aggregates, p.grants, c.grants,
  EXISTS (SELECT FROM pg_catalog.pg_trigger WHERE NOT tgisinternal OR tgparentid <> 0),
  EXISTS (SELECT FROM pg_catalog.pg_policy),
  EXISTS (SELECT FROM pg_catalog.pg_rewrite WHERE rulename <> '_RETURN' AND ev_class = ANY (c.oids)),
  EXISTS (SELECT FROM pg_catalog.pg_statistic_ext),
  EXISTS (SELECT FROM pg_catalog.pg_description WHERE objoid >= 16384)]::text AS present
FROM (SELECT bool_or(typtype = 'e') AS enums, bool_or(typtype = 'd') AS domains, bool_or(typtype = 'r') AS ranges,
    bool_or(typacl IS NOT NULL) AS grants FROM pg_catalog.pg_type WHERE typnamespace = ANY ($1::oid[])) y,
  (SELECT bool_or(prokind <> 'a') AS routines, bool_or(prokind = 'a') AS aggregates,
    bool_or(proacl IS NOT NULL) AS grants FROM pg_catalog.pg_proc WHERE pronamespace = ANY ($1::oid[])) p,
  (SELECT bool_or(relacl IS NOT NULL) AS grants, array_agg(oid) FILTER (WHERE relhasrules) AS oids
    FROM pg_catalog.pg_class WHERE relnamespace = ANY ($1::oid[])) c`;

/** What may be there: all of it as long as nobody has asked. */
export function readPresent(row: PresentRow | undefined): ReadonlySet<Presence> {
  const answers = row?.present.slice(1, -1).split(",");
  return new Set(kinds.filter((_, n) => answers === undefined || answers[n] === "t"));
}
