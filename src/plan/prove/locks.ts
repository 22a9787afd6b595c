import {
  blocksWrites,
  breaksBetween,
  lockModes,
  objectsOf,
  openObserver,
  readWorld,
  type Effect,
  type LockMode,
  type Observer,
  type RelationKind,
  type Work,
} from "../../effects/index.ts";
import { parseSql, type QualifiedName, type Statement } from "../../sql/index.ts";
import type { Plan } from "../model.ts";
import { placedSteps, stepName, stepPlace, stepText, type PlacedStep } from "./places.ts";
import type { Stage } from "./stage.ts";
import { stepEffect } from "./step-effect.ts";
import { fail, type Tally } from "./tally.ts";

/**
 * Watches what each step locks and does, on tables with rows.
 *
 * @returns the tables that the plan touches: those that a step locks as a writer does, or stronger
 */
export async function proveLocks(
  stage: Stage,
  plan: Plan,
  rows: string,
  tally: Tally,
): Promise<ReadonlySet<QualifiedName>> {
  const database = await stage.copy(rows);
  await using observer = await openObserver({ url: stage.url(database), rows: 0 });
  await using watcher = await stage.open(database);
  let world = await readWorld(watcher);
  const existing = objectsOf(world);
  const touched = new Set<QualifiedName>();
  const places = placedSteps(plan);
  // What was made before the contract phase is in use then.
  for (const isContract of [false, true]) {
    const ofFile = places.filter(({ phase }) => (phase === "contract") === isContract);
    await watchFile(observer, ofFile, async (place, effects) => {
      for (const name of touchedBy(effects)) touched.add(name);
      judge(place, effects, tally);
      const later = place.step.kind === "fill" ? world : await readWorld(watcher);
      const { phase, number } = place;
      const effect = stepEffect(
        effects.map((one) => one.effect),
        breaksBetween(world, later, existing),
      );
      tally.steps.push({ phase, number, effect });
      world = later;
    });
  }
  return touched;
}

async function watchFile(
  observer: Observer,
  places: readonly PlacedStep[],
  done: (place: PlacedStep, effects: readonly Watched[]) => Promise<void>,
): Promise<void> {
  const statements: Statement[] = [];
  const steps: { readonly place: PlacedStep; readonly own: readonly Statement[] }[] = [];
  for (const place of places) {
    const { step } = place;
    const text =
      step.kind === "transaction" ? `BEGIN;\n${stepText(step)};\nCOMMIT` : stepText(step);
    const parsed = await parseSql(text, stepName(place));
    const own = parsed.map((statement, n) => ({ ...statement, index: statements.length + n }));
    statements.push(...own);
    steps.push({ place, own });
  }
  await observer.startFile({ file: "plan", statements, transaction: "statement" });
  for (const { place, own } of steps) {
    const effects: Watched[] = [];
    for (const statement of own) {
      const { effect } = await observer.run(statement);
      effects.push({ statement, effect });
    }
    await done(place, effects);
  }
  await observer.endFile();
}

interface Watched {
  readonly statement: Statement;
  readonly effect: Effect;
}

const rowHolders: ReadonlySet<RelationKind> = new Set<RelationKind>([
  "table",
  "partitioned table",
  "foreign table",
  "materialized view",
]);

function touchedBy(effects: readonly Watched[]): readonly QualifiedName[] {
  const weakest = lockModes.indexOf("RowExclusive");
  return effects.flatMap(({ effect: { locks } }) =>
    locks
      .filter(({ kind, mode }) => rowHolders.has(kind) && lockModes.indexOf(mode) >= weakest)
      .map(({ relation }) => relation),
  );
}

/** Locks are held until the step's end, so work counts against those of the statements before it too. */
function judge(place: PlacedStep, effects: readonly Watched[], tally: Tally): void {
  const held = new Map<QualifiedName, LockMode>();
  for (const { statement, effect } of effects) {
    const waited = [...held.keys()];
    for (const { relation, kind, mode } of effect.locks) {
      noteStrongest(place, relation, mode, tally);
      if (!rowHolders.has(kind) || !blocksWrites(mode)) continue;
      const others = waited.filter((name) => name !== relation);
      if (others.length > 0 && !held.has(relation))
        tally.remarks.add(
          `${stepName(place)} waits for ${relation} while it keeps others from ${others.join(", ")}`,
        );
      held.set(relation, mode);
    }
    if (effect.unknown.length > 0)
      fail(tally, "locks", place, {
        statement: statement.sql,
        what: `what ${stepName(place)} locks and does cannot be known`,
        expected: "a statement whose locks and work can be seen",
        found: effect.unknown.join("; "),
        why: "what is not known may block the releases that run",
        next: "take it out of the plan, or run it by hand in a maintenance window",
      });
    if (place.step.kind !== "fill")
      for (const work of effect.work)
        if (keepsOthersWaiting(work, held))
          fail(tally, "locks", place, {
            statement: statement.sql,
            what: `${stepName(place)} does work that grows with ${work.relation} while others wait for it`,
            expected:
              "short locks for changes of the catalog; work that grows with a table under none that blocks",
            found: `${workText(work)}, ${holding(held)}`,
            why: "reads or writes of both releases wait until it ends: seconds to minutes on a big table",
            next: "cut the step so that the work is done under a weaker lock: CONCURRENTLY, NOT VALID and VALIDATE apart, rows in batches",
          });
  }
}

function noteStrongest(
  place: PlacedStep,
  relation: QualifiedName,
  mode: LockMode,
  tally: Tally,
): void {
  const known = tally.maxLock;
  if (known === null || lockModes.indexOf(mode) > lockModes.indexOf(known.mode))
    tally.maxLock = { mode, relation, step: stepPlace(place) };
}

function keepsOthersWaiting(work: Work, held: ReadonlyMap<QualifiedName, LockMode>): boolean {
  switch (work.kind) {
    case "rewrite":
      return true;
    case "scan":
    case "foreign-key-check":
      return held.size > 0;
    case "index-build":
      return !work.concurrent;
    case "row-change":
      return !work.bounded;
  }
}

function workText(work: Work): string {
  switch (work.kind) {
    case "rewrite":
      return `it writes ${work.relation} again`;
    case "scan":
      return `it reads all of ${work.relation}`;
    case "index-build":
      return `it builds ${work.index ?? "an index"} on ${work.relation}`;
    case "foreign-key-check":
      return `it compares ${work.relation} with ${work.parent}`;
    case "row-change":
      return `it changes any number of rows of ${work.relation} in one transaction`;
  }
}

function holding(held: ReadonlyMap<QualifiedName, LockMode>): string {
  if (held.size === 0) return "whose rows are locked until it ends";
  return `holding ${[...held].map(([name, mode]) => `${mode} on ${name}`).join(", ")}`;
}
