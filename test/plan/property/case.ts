import { readWorld, type World } from "../../../src/effects/index.ts";
import { isLockstepError } from "../../../src/errors/index.ts";
import { Session } from "../../../src/pg/index.ts";
import { isHarmless } from "../../../src/plan/harmless.ts";
import { makePlan, type Made } from "../../../src/plan/make.ts";
import { isNoticed } from "../../../src/plan/noticed.ts";
import { provePlan } from "../../../src/plan/prove/prove.ts";
import type { ProofFailure } from "../../../src/plan/prove/proof.ts";
import { ownFillFires } from "../../../src/plan/prove/without-writers.ts";
import { takenRights } from "../../../src/plan/taken-rights.ts";
import type { Scratch } from "../../../src/scratch/index.ts";
import { drawOne } from "../../effects/fuzz/draw.ts";
import { drawSchema } from "../../effects/fuzz/schema.ts";
import { carryWithWriters } from "./concurrent.ts";
import { drawKeyChange, drawMigrationStatement } from "./draw-migration.ts";
import { drawTriggers, drawUpdate } from "./watched.ts";

export { startScratch } from "../../../src/scratch/index.ts";

/** What became of one random migration of one random schema. */
export interface CaseResult {
  readonly number: number;
  readonly schema: readonly string[];
  readonly migration: readonly string[];
  readonly outcome:
    | "proven"
    | "carried"
    | "unproven"
    | "carried-wrongly"
    | "refused"
    | "refused-wrongly"
    | "crashed";
  /** Why it is not proven, or refused, or what went wrong when it was carried. */
  readonly reasons: readonly string[];
  readonly failures: readonly ProofFailure[];
  /** Statements that writers sent while it was carried. */
  readonly statements?: number;
  /** Upserts of new keys in one moment. */
  readonly upserts?: number;
}

/**
 * Draws the case of that number, plans it and proves the plan. The same seed and number give the same case.
 *
 * @param isCarried a proven plan is carried while both releases write, too
 * @param isWatched some schemas have triggers for UPDATE
 * @param rounds how often each new key is upserted by several sessions in one moment while it is carried
 */
export async function tryCase(
  scratch: Scratch,
  seed: number,
  number: number,
  isCarried = false,
  isWatched = true,
  rounds = 60,
): Promise<CaseResult> {
  const base = await scratch.createDatabase();
  const drawnSchema = await runEach(
    base.url,
    drawOne(seed, number, (draw) => drawSchema(draw, scratch.major)).filter(isKept),
  );
  const triggers = isWatched ? await withTriggers(base.url, seed, number) : [];
  const schema = [...drawnSchema, ...triggers];
  const migration = await drawMigration(scratch, base.name, seed, number, triggers.length > 0);
  const drawn = { number, schema, migration };
  const sql = migration.join(";\n");
  const tried = await scratch.createDatabase({ template: base.name });
  try {
    const made = await makePlan({
      id: "p1",
      url: tried.url,
      major: scratch.major,
      file: "naive.sql",
      sql,
    });
    if (made.plan === undefined) return { ...drawn, ...(await judgeRefusal(made)) };
    const { plan, statements: naive, searchPath } = made;
    const proof = await provePlan({ scratch, template: base.name, naive, plan, searchPath });
    const { failures, remarks } = proof;
    if (failures.length === 0 && isCarried) {
      const template = base.name;
      const carried = await carryWithWriters({
        scratch,
        template,
        made,
        plan,
        remarks,
        seed,
        number,
        rounds,
      });
      const { failures: reasons, ...sent } = carried;
      const outcome = reasons.length === 0 ? "carried" : "carried-wrongly";
      return { ...drawn, ...sent, outcome, reasons, failures };
    }
    // A fill of the plan's own fires triggers for which the migration as written gives no reason; the proof says so.
    if (failures.length > 0 && failures.every(({ why }) => why === ownFillFires))
      return { ...drawn, outcome: "refused", reasons: failures.map(({ what }) => what), failures };
    const reasons = failures.map(({ proof, step, what, found }) => {
      const at = step === null ? "" : ` (${step.phase} ${step.number}, ${step.title})`;
      return `${proof}: ${what}${at}: ${found}`;
    });
    return { ...drawn, outcome: failures.length === 0 ? "proven" : "unproven", reasons, failures };
  } catch (error) {
    const { message, stack } = error as Error;
    const isExplained = isLockstepError(error) && error.code === "plan-expression";
    return {
      ...drawn,
      outcome: isExplained ? "refused" : "crashed",
      reasons: isLockstepError(error)
        ? [message, error.explanation.found ?? ""]
        : [stack ?? message],
      failures: [],
    };
  } finally {
    await tried.drop();
    await base.drop();
  }
}

/** Tables that are published without a replica identity take no rows away, which watching statements needs. */
function isKept(sql: string): boolean {
  return !sql.startsWith("CREATE PUBLICATION");
}

/** The catalog in an order that is the same every time: by names, not by numbers. */
async function orderedWorld(session: Session): Promise<World> {
  const world = await readWorld(session);
  const byName = <Key, Item>(items: Iterable<readonly [Key, Item]>, name: (item: Item) => string) =>
    new Map([...items].toSorted(([, a], [, b]) => (name(a) < name(b) ? -1 : 1)));
  return {
    ...world,
    relations: byName(world.relations, ({ schema, name }) => `${schema} ${name}`),
    types: byName(world.types, ({ schema, name }) => `${schema} ${name}`),
    schemas: new Set([...world.schemas].toSorted()),
  };
}

/** Runs what can be run; gives that. */
async function runEach(url: string, statements: readonly string[]): Promise<readonly string[]> {
  await using session = await Session.open({ url, applicationName: "property" });
  const kept: string[] = [];
  for (const sql of statements)
    try {
      await session.query(sql);
      kept.push(sql);
    } catch {
      // Drawn schemas have statements that other parts of them refuse.
    }
  return kept;
}

/** Gives some schemas triggers for UPDATE; gives what went well. */
async function withTriggers(url: string, seed: number, number: number): Promise<readonly string[]> {
  await using session = await Session.open({ url, applicationName: "property" });
  const world = await orderedWorld(session);
  return await runEach(
    url,
    drawOne(seed + 3, number, (draw) => drawTriggers(draw, world)),
  );
}

/** One to six statements that run one after the other. */
async function drawMigration(
  scratch: Scratch,
  template: string,
  seed: number,
  number: number,
  isWatched: boolean,
): Promise<readonly string[]> {
  const database = await scratch.createDatabase({ template });
  const kept: string[] = [];
  {
    await using session = await Session.open({
      url: database.url,
      applicationName: "property",
    });
    // Every other one of those that are carried by default; none of the few in the suite.
    const isKeyed = number > 0 && number % 8 === 0;
    const wanted = drawOne(seed + 1, number, (draw) => draw.one([1, 1, 1, 2, 2, 3, 4, 6]));
    for (let at = 0; kept.length < wanted && at < 60; at++) {
      const world = await orderedWorld(session);
      const sql = drawOne(seed + 2, number * 100 + at, (draw) => {
        if (isKeyed && kept.length === 0) return drawKeyChange(draw, world);
        return isWatched && draw.chance(40)
          ? drawUpdate(draw, world)
          : drawMigrationStatement(draw, world);
      });
      try {
        await session.query(sql);
        kept.push(sql);
      } catch {
        // The next one.
      }
    }
  }
  await database.drop();
  return kept;
}

/** A refusal is true when the statement as it is would do harm, or takes a right away that one of both releases has. */
async function judgeRefusal({
  parts,
  naive: { statements, start },
}: Pick<Made, "parts" | "naive">): Promise<Pick<CaseResult, "outcome" | "reasons" | "failures">> {
  const reasons: string[] = [];
  let isTrue = true;
  for (const part of parts)
    if (part.kind === "refused") {
      reasons.push(`${part.title}: ${part.why}`);
      for (const one of part.statements)
        if (isHarmless(one.effect) && !(await isNoticed(one))) {
          const preceding = statements.slice(0, statements.indexOf(one));
          if ((await takenRights({ ...one, preceding, start })) === undefined) isTrue = false;
        }
    }
  return { outcome: isTrue ? "refused" : "refused-wrongly", reasons, failures: [] };
}
