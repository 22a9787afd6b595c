import { diff, introspect, type Catalog } from "../../catalog/index.ts";
import type { Session } from "../../pg/index.ts";
import { differenceName } from "../inverse.ts";
import { compareRows, readRows, shownRow, type Rows, type Uncompared } from "./rows.ts";

/** All of a database that a plan could change. */
export interface State {
  readonly catalog: Catalog;
  /** What catalogs leave out: owners, storage, statistics targets, publications, and what stands in schema lockstep. */
  readonly besides: ReadonlySet<string>;
  readonly rows: Rows;
  /** Numbers that sequences have come to, by name. */
  readonly sequences: ReadonlyMap<string, SequenceState>;
}

interface SequenceState {
  /** Null when nobody has asked for one yet. */
  readonly last: bigint | null;
  readonly increment: bigint;
}

export async function readState(session: Session): Promise<State> {
  const catalog = await introspect(session);
  const found = await session.queryArrays(besidesSql);
  const besides = new Set(found.map(([line]) => String(line)));
  const sequences = await readSequences(session);
  return { catalog, besides, rows: await readRows(session, catalog), sequences };
}

async function readSequences(session: Session): Promise<State["sequences"]> {
  const found = await session.queryArrays(
    `SELECT pg_catalog.format('%I.%I', schemaname, sequencename), last_value::text, increment_by::text
       FROM pg_catalog.pg_sequences WHERE schemaname <> 'lockstep'`,
  );
  return new Map(
    (found as [string, string | null, string][]).map(([name, last, increment]) => [
      name,
      { last: last === null ? null : BigInt(last), increment: BigInt(increment) },
    ]),
  );
}

const besidesSql = `
  WITH spaces AS (
    SELECT oid, nspname FROM pg_catalog.pg_namespace
     WHERE nspname <> 'information_schema' AND nspname !~ '^pg_'),
  relations AS (
    SELECT c.*, pg_catalog.format('%I.%I', s.nspname, c.relname) AS called
      FROM pg_catalog.pg_class c JOIN spaces s ON s.oid = c.relnamespace WHERE s.nspname <> 'lockstep')
  SELECT pg_catalog.format('owner of %s: %s', called, pg_catalog.pg_get_userbyid(relowner)) FROM relations
  UNION ALL
  SELECT pg_catalog.format('tablespace of %s: %s', called, reltablespace) FROM relations
   WHERE relkind IN ('r', 'm', 'i', 'p')
  UNION ALL
  SELECT pg_catalog.format('access method of %s: %s', called, m.amname)
    FROM relations r JOIN pg_catalog.pg_am m ON m.oid = r.relam WHERE relkind IN ('r', 'm')
  UNION ALL
  SELECT pg_catalog.format('%s of %s.%I: storage %s, compression %s, statistics %s, options %s', 'column', called,
         a.attname, a.attstorage, a.attcompression, coalesce(a.attstattarget, -1), a.attoptions)
    FROM relations r JOIN pg_catalog.pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
   WHERE relkind IN ('r', 'p', 'm')
  UNION ALL
  SELECT pg_catalog.format('%s is clustered on %s', i.indrelid::regclass, i.indexrelid::regclass)
    FROM pg_catalog.pg_index i JOIN relations r ON r.oid = i.indexrelid WHERE i.indisclustered
  UNION ALL
  SELECT pg_catalog.format('publication %I has %s', p.pubname, r.called)
    FROM pg_catalog.pg_publication_rel l JOIN relations r ON r.oid = l.prrelid
    JOIN pg_catalog.pg_publication p ON p.oid = l.prpubid
  UNION ALL
  SELECT pg_catalog.format('routine %s.%s', s.nspname, p.proname)
    FROM pg_catalog.pg_proc p JOIN spaces s ON s.oid = p.pronamespace WHERE s.nspname = 'lockstep'
  UNION ALL
  SELECT pg_catalog.format('relation %s.%s', s.nspname, c.relname)
    FROM pg_catalog.pg_class c JOIN spaces s ON s.oid = c.relnamespace WHERE s.nspname = 'lockstep'`;

/** What differs, in words. */
export interface StateDifference {
  readonly what: string;
  readonly expected: string;
  readonly found: string;
  /** True when it is of rows, not of the catalog. */
  readonly ofRows: boolean;
}

export interface CompareStates {
  /** Differences that may be, as `Plan.remains` names them. */
  readonly remains?: readonly string[];
  readonly uncompared?: Uncompared;
}

/** Every difference between two states but for the order of columns. */
export async function compareStates(
  expected: State,
  found: State,
  { remains = [], uncompared }: CompareStates = {},
): Promise<readonly StateDifference[]> {
  const catalog = await diff(expected.catalog, found.catalog, { columnOrder: false });
  const besides = (from: State, other: State) =>
    [...from.besides].filter((line) => !other.besides.has(line));
  return [
    ...catalog
      .filter((difference) => !remains.includes(differenceName(difference)))
      .map((difference) => ({
        what: differenceName(difference),
        expected: shown(difference.before),
        found: shown(difference.after),
        ofRows: false,
      })),
    // What belongs to something that is missing or extra altogether is said already.
    ...(catalog.length > 0
      ? []
      : [
          ...besides(expected, found).map((line) => facts(line, line, "it is not so")),
          ...besides(found, expected).map((line) => facts(line, "it is not so", line)),
        ]),
    ...sequencesBehind(expected, found),
    ...compareRows(expected.rows, found.rows, uncompared).map(({ table, missing, extra }) => ({
      what: `rows of ${table}: ${missing.length} are missing, ${extra.length} are other than they should be`,
      expected: short(shownRow(missing[0])),
      found: short(shownRow(extra[0])),
      ofRows: true,
    })),
  ];
}

/** A sequence that has gone back gives numbers once more. */
function sequencesBehind(expected: State, found: State): readonly StateDifference[] {
  return [...expected.sequences].flatMap(([name, { last, increment }]) => {
    const other = found.sequences.get(name);
    if (last === null || other === undefined) return [];
    const isBehind =
      other.last === null || (increment > 0n ? other.last < last : other.last > last);
    return isBehind
      ? [
          {
            what: `sequence ${name} has gone back`,
            expected: `${last} or beyond`,
            found: String(other.last ?? "its start"),
            ofRows: true,
          },
        ]
      : [];
  });
}

function facts(what: string, expected: string, found: string): StateDifference {
  return { what, expected, found, ofRows: false };
}

/** What a catalog holds, by its definition where it has one. */
function shown(value: unknown): string {
  if (value === null || value === undefined) return "nothing";
  if (typeof value === "string") return short(value);
  const { definition } = value as { readonly definition?: unknown };
  return short(typeof definition === "string" ? definition : JSON.stringify(value));
}

/** Short enough to be read. */
function short(text: string): string {
  return text.length > 300 ? `${text.slice(0, 299)}…` : text;
}
