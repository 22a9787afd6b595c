import type { Diagnosis, Examination } from "../examination.ts";

interface Row {
  readonly xids: number;
  readonly multis: number;
  readonly freezeMax: number;
  readonly multiFreezeMax: number;
  readonly oldest: string | null;
}

/** Ids before the server refuses to give new ones: 2^31 less 3 million (SetTransactionIdLimit, access/transam/varsup.c). */
const last = 2 ** 31 - 3_000_000;

const ages = `
  SELECT pg_catalog.age(d.datfrozenxid)::pg_catalog.float8 AS xids, pg_catalog.mxid_age(d.datminmxid)::pg_catalog.float8 AS multis,
         pg_catalog.current_setting('autovacuum_freeze_max_age')::pg_catalog.float8 AS "freezeMax",
         pg_catalog.current_setting('autovacuum_multixact_freeze_max_age')::pg_catalog.float8 AS "multiFreezeMax",
         (SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) FROM pg_catalog.pg_class c
            JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
           WHERE c.relkind IN ('r', 'm', 't') AND c.relfrozenxid <> '0'
           ORDER BY pg_catalog.age(c.relfrozenxid) DESC, c.oid LIMIT 1) AS oldest
    FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()`;

export const wraparound: Examination = {
  name: "wraparound",
  question: "Is the database far from the end of its transaction ids?",
  async examine({ database }) {
    const { rows } = await database.query<Row>(ages);
    const { xids, multis, freezeMax, multiFreezeMax, oldest } = rows[0]!;
    return [
      diagnose("transaction ids", xids, freezeMax, oldest),
      diagnose("multixact ids", multis, multiFreezeMax, oldest),
    ];
  },
};

/** Twice the age at which autovacuum begins to freeze by force: it does not get through. */
export function diagnose(
  what: string,
  age: number,
  freezeMax: number,
  oldest: string | null,
): Diagnosis {
  const share = age / last;
  const found = `the oldest of the ${what} is ${Math.round(age / 1e6)} million old, ${Math.round(share * 100)} % of the way to the end`;
  const next = [
    ...(oldest === null ? [] : [`VACUUM (FREEZE, VERBOSE) ${oldest}`]),
    "lockstep doctor: long and prepared transactions and slots keep it from helping",
  ];
  if (share > 0.5)
    return {
      verdict: "danger",
      found,
      means: "at the end the server takes no more writes, until the database was vacuumed",
      next,
    };
  if (age > Math.min(freezeMax * 1.5, last))
    return {
      verdict: "warning",
      found,
      means: `autovacuum freezes by force from ${Math.round(freezeMax / 1e6)} million on: it does not get through, and while it runs it does not give way to ALTER TABLE`,
      next,
    };
  return { verdict: "ok", found };
}
