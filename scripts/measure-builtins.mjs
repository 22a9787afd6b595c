/**
 * Asks real servers of every supported major about their built-in functions, operators, casts and types, and writes it
 * down in src/effects/world/builtin/measured*.ts: `npm run build`, then `node scripts/measure-builtins.mjs`. The tests
 * measure again and compare. Each entry says from which major to which it holds, so that equal facts stand once.
 */
import { writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

export const majors = [14, 15, 16, 17, 18];

/** Each query gives rows of a group, such as a volatility, and an entry of it. */
const queries = {
  // A name with overloads of several volatilities is in group m and each of them in `overloads`.
  functions: `
    SELECT CASE WHEN count(DISTINCT provolatile) > 1 THEN 'm' ELSE min(provolatile) END AS "group", proname AS entry
    FROM pg_catalog.pg_proc WHERE pronamespace = 'pg_catalog'::regnamespace AND proname !~ '^(binary_upgrade_|RI_FKey_)'
    GROUP BY proname`,
  overloads: `
    SELECT p.provolatile AS "group", p.proname || '(' || coalesce((
      SELECT string_agg(t.typname, ',' ORDER BY a.place)
      FROM unnest(p.proargtypes::oid[]) WITH ORDINALITY AS a(type, place) JOIN pg_catalog.pg_type t ON t.oid = a.type
    ), '') || ')' AS entry
    FROM pg_catalog.pg_proc p WHERE p.pronamespace = 'pg_catalog'::regnamespace AND EXISTS (
      SELECT FROM pg_catalog.pg_proc o WHERE o.pronamespace = p.pronamespace AND o.proname = p.proname
        AND o.provolatile <> p.provolatile)`,
  // Names of which some overload answers to NULL arguments: such a call is no strict construct.
  notStrict: `
    SELECT 'n' AS "group", proname AS entry FROM pg_catalog.pg_proc
    WHERE pronamespace = 'pg_catalog'::regnamespace AND NOT proisstrict AND proname !~ '^(binary_upgrade_|RI_FKey_)'
    GROUP BY proname`,
  // Functions without arguments and the type of their result.
  results: `
    SELECT min(t.typname) AS "group", p.proname AS entry FROM pg_catalog.pg_proc p
    JOIN pg_catalog.pg_type t ON t.oid = p.prorettype
    WHERE p.pronamespace = 'pg_catalog'::regnamespace AND p.pronargs = 0 AND NOT p.proretset AND t.typtype = 'b'
    GROUP BY p.proname`,
  operators: `
    SELECT 'i' AS "group", oprname AS entry FROM pg_catalog.pg_operator
    WHERE oprnamespace = 'pg_catalog'::regnamespace GROUP BY oprname`,
  stableOperators: `
    SELECT p.provolatile AS "group", o.oprname || ' ' || coalesce(l.typname, '-') || ' ' || r.typname AS entry
    FROM pg_catalog.pg_operator o JOIN pg_catalog.pg_proc p ON p.oid = o.oprcode
    LEFT JOIN pg_catalog.pg_type l ON l.oid = o.oprleft JOIN pg_catalog.pg_type r ON r.oid = o.oprright
    WHERE p.provolatile <> 'i' AND o.oprnamespace = 'pg_catalog'::regnamespace`,
  // Group: method (b binary coercible, f function, i in and out) and context (i implicit, a assignment, e explicit).
  casts: `
    SELECT concat(c.castmethod, c.castcontext, p.provolatile) AS "group", s.typname || ' ' || t.typname AS entry
    FROM pg_catalog.pg_cast c JOIN pg_catalog.pg_type s ON s.oid = c.castsource
    JOIN pg_catalog.pg_type t ON t.oid = c.casttarget LEFT JOIN pg_catalog.pg_proc p ON p.oid = c.castfunc
    WHERE c.castsource <> c.casttarget AND s.typnamespace = 'pg_catalog'::regnamespace
      AND t.typnamespace = 'pg_catalog'::regnamespace`,
  // A function that makes a value fit its modifiers; group: its volatility.
  lengthCoercions: `
    SELECT p.provolatile AS "group", p.proname || ' ' || t.typname AS entry FROM pg_catalog.pg_cast c
    JOIN pg_catalog.pg_type t ON t.oid = c.castsource JOIN pg_catalog.pg_proc p ON p.oid = c.castfunc
    WHERE c.castsource = c.casttarget AND t.typnamespace = 'pg_catalog'::regnamespace`,
  // Group: volatility of input and output function.
  types: `
    SELECT concat(i.provolatile, o.provolatile) AS "group", t.typname AS entry FROM pg_catalog.pg_type t
    JOIN pg_catalog.pg_proc i ON i.oid = t.typinput JOIN pg_catalog.pg_proc o ON o.oid = t.typoutput
    WHERE t.typnamespace = 'pg_catalog'::regnamespace AND t.typrelid = 0
      AND NOT EXISTS (SELECT FROM pg_catalog.pg_type e WHERE e.typarray = t.oid)`,
};

/** Extensions that come with Postgres, that migrations ask for, and that bring no more than base types and functions. */
const extensionNames = [
  "btree_gin",
  "btree_gist",
  "citext",
  "cube",
  "fuzzystrmatch",
  "hstore",
  "intarray",
  "isn",
  "ltree",
  "pg_trgm",
  "pgcrypto",
  "seg",
  "unaccent",
  "uuid-ossp",
];

const members = `FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_extension x ON x.oid = d.refobjid
  AND d.refclassid = 'pg_catalog.pg_extension'::regclass AND d.deptype = 'e'`;

/**
 * Members of the extensions that SQL can name: types, and functions without arguments of type internal or cstring.
 * Group: extension and kind of member. A type of an extension is written with @ before its name.
 */
const extensionQueries = {
  extensionTypes: `
    SELECT concat(x.extname, ' ', t.typtype) AS "group", t.typname AS entry
    ${members} JOIN pg_catalog.pg_type t ON d.classid = 'pg_catalog.pg_type'::regclass AND t.oid = d.objid
    WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_type e WHERE e.typarray = t.oid)`,
  // Flags: volatility, s strict, r returns a set; language; result.
  extensionRoutines: `
    SELECT concat(x.extname, ' ', p.prokind) AS "group", p.proname || '(' || coalesce((
      SELECT string_agg(CASE WHEN n.nspname = 'pg_catalog' THEN '' ELSE '@' END || t.typname, ',' ORDER BY a.place)
      FROM unnest(p.proargtypes::oid[]) WITH ORDINALITY AS a(type, place) JOIN pg_catalog.pg_type t ON t.oid = a.type
      JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
    ), '') || ') ' || p.provolatile::text || CASE WHEN p.proisstrict THEN 's' ELSE '' END
      || CASE WHEN p.proretset THEN 'r' ELSE '' END || ' ' || l.lanname || ' '
      || CASE WHEN n.nspname = 'pg_catalog' THEN '' ELSE '@' END || r.typname AS entry
    ${members} JOIN pg_catalog.pg_proc p ON d.classid = 'pg_catalog.pg_proc'::regclass AND p.oid = d.objid
    JOIN pg_catalog.pg_language l ON l.oid = p.prolang JOIN pg_catalog.pg_type r ON r.oid = p.prorettype
    JOIN pg_catalog.pg_namespace n ON n.oid = r.typnamespace
    WHERE x.extname = ANY (ARRAY['${extensionNames.join("', '")}']) AND p.prorettype <> 'internal'::regtype
      AND NOT p.proargtypes::oid[] && ARRAY['internal'::regtype, 'cstring'::regtype]::oid[]`,
};

/** To be run on the database of each server before it is asked about extensions. */
export const createExtensions = extensionNames
  .map((name) => `CREATE EXTENSION IF NOT EXISTS "${name}" CASCADE`)
  .join(";");

/**
 * The facts of several servers as entries `[first major, last major, group, names]`, sorted.
 *
 * @param {(major: number, sql: string) => Promise<{ group: string, entry: string }[]>} ask
 */
export async function measure(ask) {
  const facts = {};
  for (const [name, sql] of Object.entries({ ...queries, ...extensionQueries })) {
    const groups = new Map();
    for (const major of majors)
      for (const { group, entry } of await ask(major, sql)) {
        const key = JSON.stringify([group, entry]);
        groups.set(key, [...(groups.get(key) ?? []), major]);
      }
    facts[name] = join(groups);
  }
  return facts;
}

function join(groups) {
  const ranges = new Map();
  for (const [key, held] of groups) {
    const [group, entry] = JSON.parse(key);
    for (const [first, last] of runs(held)) {
      const range = JSON.stringify([first, last, group]);
      ranges.set(range, [...(ranges.get(range) ?? []), entry]);
    }
  }
  return [...ranges]
    .map(([range, entries]) => [...JSON.parse(range), entries.sort().join(";")])
    .sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
}

function runs(held) {
  const found = [];
  for (const major of held) {
    const last = found.at(-1);
    if (last !== undefined && last[1] === major - 1) last[1] = major;
    else found.push([major, major]);
  }
  return found;
}

const header = `/**
 * Measured on servers of every supported major by scripts/measure-builtins.mjs, which says what the parts mean.
 * Not to be edited by hand. Entries: first major, last major, group, names with ; between.
 */`;

function print(facts, names, heading) {
  const lines = [header, heading];
  for (const name of names) {
    lines.push("", `export const ${name}: MeasuredFacts = [`);
    for (const [first, last, group, entries] of facts[name])
      lines.push(`  [${first}, ${last}, ${JSON.stringify(group)}, ${JSON.stringify(entries)}],`);
    lines.push("];");
  }
  return `${lines.join("\n")}\n`;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const { startScratch } = await import("../dist/scratch/index.js");
  const { Session } = await import("../dist/pg/index.js");
  const sessions = new Map();
  for (const major of majors) {
    const scratch = await startScratch({ major });
    const session = await Session.open({ url: scratch.url, applicationName: "measure-builtins" });
    await session.batch(createExtensions);
    sessions.set(major, { scratch, session });
  }
  const facts = await measure(
    async (major, sql) => (await sessions.get(major).session.query(sql)).rows,
  );
  for (const { scratch, session } of sessions.values()) {
    await session.close();
    await scratch.close();
  }
  const folder = new URL("../src/effects/world/builtin/", import.meta.url);
  writeFileSync(
    new URL("measured.ts", folder),
    print(
      facts,
      Object.keys(queries),
      "export type MeasuredFacts = readonly (readonly [number, number, string, string])[];",
    ),
  );
  writeFileSync(
    new URL("measured-extensions.ts", folder),
    print(
      facts,
      Object.keys(extensionQueries),
      'import type { MeasuredFacts } from "./measured.ts";',
    ),
  );
}
