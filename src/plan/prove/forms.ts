import { introspect, type Catalog, type QualifiedName } from "../../catalog/index.ts";
import type { Session } from "../../pg/index.ts";
import type { Statement } from "../../sql/index.ts";
import { replaceRows } from "./data/replace-rows.ts";
import type { Plan } from "../model.ts";
import { bothUncompared } from "./data/volatile.ts";
import { withoutFired } from "./fired.ts";
import { stepName, type PlacedStep } from "./places.ts";
import { refill } from "./refill.ts";
import {
  compareRows,
  readRows,
  type RowDifference,
  type Rows,
  type TableRows,
  type Uncompared,
  shownRow,
} from "./rows.ts";
import { messageOf } from "./run-step.ts";
import type { Scenario } from "./scenario.ts";
import type { Stage } from "./stage.ts";
import { fail, type Tally } from "./tally.ts";

export interface FormsRequest {
  readonly stage: Stage;
  readonly scenario: Scenario;
  readonly naive: readonly Statement[];
  readonly plan: Plan;
  /** The step after which both releases run. */
  readonly place: PlacedStep | undefined;
}

/**
 * Where both releases run, what the new one reads is what the migration as written makes of what the old one reads:
 * whichever of them has written it.
 *
 * @param writer who has written last
 */
export async function proveForms(
  { stage, scenario, naive, plan, place }: FormsRequest,
  session: Session,
  writer: "old" | "new",
  tally: Tally,
): Promise<void> {
  const { old, new: release, start } = scenario;
  const seen = await readBoth(session, old.catalog, release.catalog, plan);
  // A release that does not find its tables fails with its own statements.
  if (seen === undefined) return;
  await using copy = await stage.play(start);
  let made: Rows;
  try {
    await replaceRows(copy.session, old.catalog, seen.old);
    await copySequences(session, copy.session);
    for (const { sql } of naive) await copy.session.query(sql);
    // A view shows what the new release has written to children of its table, which the old one does not know.
    const fresh = await freshChildren(copy.session, old.catalog, release.catalog, seen.views);
    await replaceRows(copy.session, fresh, seen.new);
    made = await readRows(copy.session, release.catalog, { wide: seen.views });
  } catch (error) {
    failForms(place, tally, writer, {
      what: "the migration as written fails on what the old release reads",
      expected: "rows that it takes",
      found: messageOf(error),
    });
    return;
  }
  const { fired } = scenario;
  const unknown = bothUncompared(scenario.uncompared, fired.columns);
  const own = ownColumns(old.catalog, withoutFired(made, fired), unknown);
  for (const difference of compareRows(own.rows, seen.new, own.uncompared)) {
    const { table, missing, extra } = difference;
    const writes = release.writes[0]?.filter(({ on }) => on === table).length ?? 0;
    // Some values come through: the old form cannot hold the others.
    if (writer === "new" && Math.max(missing.length, extra.length) < writes)
      tally.remarks.add(
        `the old form of ${table} cannot hold all that the new release writes: ${pairOf(difference)}`,
      );
    else
      failForms(place, tally, writer, {
        what: `the two forms of ${table} do not hold the same in ${missing.length} of its rows`,
        expected: shownRow(missing[0]),
        found: shownRow(extra[0]),
      });
  }
}

/** What triggers number gets no number twice: sequences stand where they stood when the rows were read. */
async function copySequences(from: Session, to: Session): Promise<void> {
  const found = await from.queryArrays(
    `SELECT pg_catalog.format('%I.%I', schemaname, sequencename), last_value::text FROM pg_catalog.pg_sequences
      WHERE last_value IS NOT NULL AND schemaname <> 'lockstep'`,
  );
  for (const [name, last] of found)
    await to.query(
      `SELECT pg_catalog.setval(one, ${String(last)}) FROM pg_catalog.to_regclass($1) AS one WHERE one IS NOT NULL`,
      [String(name)],
    );
}

function failForms(
  place: PlacedStep | undefined,
  tally: Tally,
  writer: "old" | "new",
  found: { readonly what: string; readonly expected: string; readonly found: string },
): void {
  const after = place === undefined ? "at the start" : `after ${stepName(place)}`;
  fail(tally, "data", place, {
    ...found,
    what: `${after}, when the ${writer} release has written, ${found.what}`,
    statement: null,
    why: "while both releases run, each must see what the other writes",
    next: "keep both forms in step from the end of the expand phase on, and fill the rows that are there",
  });
}

function pairOf({ missing, extra }: RowDifference): string {
  return `${shownRow(extra[0])} would be ${shownRow(missing[0])}`;
}

async function readBoth(session: Session, old: Catalog, release: Catalog, plan: Plan) {
  try {
    // The new release may reach a table through a view for as long as both run.
    const { views: found } = await introspect(session, { parts: ["views"] });
    const views = new Set(Object.keys(found));
    await session.query("BEGIN");
    await refill(session, plan);
    // Where a fill fails on what is there by now, so would the migration.
    await session.query("SET CONSTRAINTS ALL IMMEDIATE");
    return {
      old: await readRows(session, old),
      new: await readRows(session, release, { wide: views }),
      views,
    };
  } catch {
    return undefined;
  } finally {
    await session.query("ROLLBACK");
  }
}

/**
 * The tables that inherit from another, and that only the new release has: not those that it knows by another name, which
 * are views as long as both run.
 */
async function freshChildren(
  session: Session,
  old: Catalog,
  release: Catalog,
  views: ReadonlySet<QualifiedName>,
): Promise<Pick<Catalog, "tables">> {
  const unknown = Object.entries(release.tables).filter(
    ([name, { inherits }]) =>
      old.tables[name] === undefined && !views.has(name) && inherits.length > 0,
  );
  const rows = await readRows(session, { tables: Object.fromEntries(unknown) });
  const empty = unknown.filter(([name]) => rows.get(name)?.rows.length === 0);
  return { tables: Object.fromEntries(empty) };
}

/** Leaves out what only the new release has: columns and tables that hold nothing of the old one's. */
function ownColumns(old: Catalog, made: Rows, uncompared: Uncompared) {
  const rows = new Map<QualifiedName, TableRows>();
  const left = new Map(uncompared);
  for (const [name, table] of made) {
    const before = old.tables[name];
    if (before === undefined && table.rows.length === 0) continue;
    rows.set(name, table);
    const known = new Set(before?.columns.map((column) => column.name));
    const fresh = table.columns.filter(
      (column, at) =>
        before !== undefined &&
        !known.has(column) &&
        new Set(table.rows.map((row) => row[at])).size <= 1,
    );
    if (fresh.length > 0) left.set(name, new Set([...fresh, ...(left.get(name) ?? [])]));
  }
  return { rows, uncompared: left };
}
