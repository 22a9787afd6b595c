import { isFlagFill } from "../../backfill/index.ts";
import { introspect } from "../../catalog/index.ts";
import { buildContract, type Contract } from "../../contract/index.ts";
import { compareContract, liveSchema } from "../../gate/index.ts";
import type { Session } from "../../pg/index.ts";
import type { Plan } from "../model.ts";
import { bothUncompared } from "./data/volatile.ts";
import { isFailureSaid, isLateNameSaid, isOtherTypeSaid, isOwnRule } from "./exempt.ts";
import { refusingTrigger, withoutFired } from "./fired.ts";
import { proveForms } from "./forms.ts";
import { proveOwnTriggers } from "./own-triggers.ts";
import { placedSteps, stepName, stepText, type PlacedStep } from "./places.ts";
import type { ProofRequest } from "./request.ts";
import { Release, type FailedStatement } from "./release/release.ts";
import { send } from "./release/sent.ts";
import type { ReleaseStatement } from "./release/statements.ts";
import { filledTables, refill } from "./refill.ts";
import { messageOf, runStep } from "./run-step.ts";
import type { ReleaseScript, Scenario } from "./scenario.ts";
import type { Stage } from "./stage.ts";
import { compareStates, readState, type State, type StateDifference } from "./state.ts";
import { fail, type Tally } from "./tally.ts";
import { countRows, missingRows, shownRow } from "./rows.ts";

/** Carries the plan through with both releases at work, and compares its end with that of the migration as written. */
export async function proveWalk(
  stage: Stage,
  request: ProofRequest,
  scenario: Scenario,
  tally: Tally,
): Promise<void> {
  const { plan } = request;
  await using played = await stage.play(scenario.start);
  const filled = await filledTables(played.session, plan);
  const places = placedSteps(plan);
  const both = plan.expand.length + plan.backfill.length;
  const lives = [
    await comeUp(stage, request, played.name, scenario.old, "old"),
    await comeUp(stage, request, played.name, scenario.new, "new"),
  ] as const;
  await using _old = lives[0].session;
  await using _new = lives[1].session;
  for (let point = 0; point <= places.length; point++) {
    const place = places[point - 1];
    if (place !== undefined && !(await goOn(played.session, place, tally))) return;
    tally.counted.points++;
    const catalog = await introspect(played.session);
    if (point === both) proveOwnTriggers(catalog, scenario, place, tally);
    for (const life of lives) {
      const age = life.who === "old" ? point : point - both;
      if (life.who === "old" ? point <= both : point >= both)
        await live(life, age, liveSchema(catalog, request.searchPath), plan, place, tally);
      if (point === both)
        await proveForms(
          { stage, scenario, naive: request.naive, plan, place },
          played.session,
          life.who,
          tally,
        );
    }
  }
  const { rows } = await stage.visit(scenario.ended, async (session) => {
    // What either release has left to the fills.
    await refill(played.session, plan, filled);
    await refill(session, plan, filled);
    return await readState(session);
  });
  const end = await readState(played.session);
  tally.counted.rows += countRows(end.rows);
  const { fired } = scenario;
  for (const [table, columns] of scenario.uncompared)
    tally.remarks.add(
      `not compared: ${[...columns].join(", ")} of ${table}${scenario.untouched.has(table) ? ", in rows that the migration or the new release writes" : ""}, whose values depend on the clock, on chance, on sequences or on the order of rows`,
    );
  // Statements that were rolled back have used numbers on both sides.
  const goal = {
    ...scenario.goal,
    rows: withoutFired(rows, fired),
    sequences: scenario.before.sequences,
  };
  const uncompared = bothUncompared(scenario.uncompared, fired.columns);
  const apart = await compareStates(goal, end, { uncompared });
  for (const { what, expected, found, ofRows } of [...apart, ...rowsTouched(scenario, end)])
    fail(tally, ofRows ? "data" : "catalog", undefined, {
      statement: null,
      what: `in the end, ${what}`,
      expected,
      found,
      why: "the plan must end where the migration as written ends",
      next: "add to the plan what makes up for it, or take out what makes it",
    });
}

/** Rows that the migration as written leaves as they are, and the plan does not. */
function rowsTouched({ untouched, fired }: Scenario, end: State): readonly StateDifference[] {
  const known = [...untouched].filter(
    ([table]) => !fired.columns.has(table) && !fired.tables.has(table),
  );
  return missingRows(new Map(known), end.rows).map(({ table, missing }) => ({
    what: `${missing.length} rows of ${table} that the migration as written leaves as they are have other values`,
    expected: shownRow(missing[0]),
    found: "no such row",
    ofRows: true,
  }));
}

async function goOn(session: Session, place: PlacedStep, tally: Tally): Promise<boolean> {
  try {
    await runStep(session, place.step);
    return true;
  } catch (error) {
    const trigger = await refusingTrigger(session, place.step, error);
    fail(tally, "catalog", place, {
      statement: stepText(place.step),
      what: `${stepName(place)} fails`,
      expected: "every step goes well, one after the other, while the releases write",
      found: messageOf(error),
      ...(trigger === undefined
        ? {
            why: "what the step needs is not there yet, or is there already, or rows do not meet it",
            next: "correct the step, or the order of the steps",
          }
        : {
            why: `the trigger ${trigger} refuses a row, or fails on it: it fires for each row that the step fills`,
            next: `put such rows right in a migration before this one${isFlagged(place) ? ", or let the trigger pass over rows that Lockstep fills: IF current_setting('lockstep.backfill', true) = 'on' THEN RETURN NEW" : ""}`,
          }),
    });
    return false;
  }
}

/** Triggers can tell that it fills. */
function isFlagged({ step }: PlacedStep): boolean {
  return step.kind === "fill" && isFlagFill(step);
}

/** A release that runs. */
interface Life {
  readonly who: "old" | "new";
  readonly session: Session;
  readonly contract: Contract;
  readonly script: ReleaseScript;
  release: Release | undefined;
}

async function comeUp(
  stage: Stage,
  { scratch }: ProofRequest,
  database: string,
  script: ReleaseScript,
  who: Life["who"],
): Promise<Life> {
  const contract = await buildContract({
    source: { kind: "catalog", catalog: script.catalog },
    release: who,
    scratch,
    root: "",
  });
  return { who, session: await stage.open(database), contract, script, release: undefined };
}

/** One point of a release's life: what it expects, what it tries, what it writes. */
async function live(
  life: Life,
  age: number,
  found: ReturnType<typeof liveSchema>,
  plan: Plan,
  place: PlacedStep | undefined,
  tally: Tally,
): Promise<void> {
  const { who, session, contract, script } = life;
  const proof = `${who}-release` as const;
  const after = place === undefined ? "at the start" : `after ${stepName(place)}`;
  for (const finding of compareContract(contract, found).findings) {
    if (finding.severity !== "error" || shownByStatements.has(finding.kind)) continue;
    // What cannot be otherwise (one name, one type, two releases) must not be silent.
    if (finding.kind === "wrong-type" && isOtherTypeSaid(plan, finding.object))
      tally.remarks.add(
        `${after}, ${finding.object} is ${finding.found} for the ${who} release, which expects ${finding.expected}; its statements on it go well as far as no failure says otherwise`,
      );
    else if (finding.kind === "missing-sequence" && isLateNameSaid(plan, finding.object))
      tally.remarks.add(
        `${after}, the ${who} release does not find ${finding.object}: statements that name it fail (42P01)`,
      );
    else
      fail(tally, proof, place, {
        statement: null,
        what: `${after}, the ${who} release does not find ${finding.object} as it expects it`,
        expected: finding.expected,
        found: finding.found,
        why: finding.effect,
        next: nextFor(who),
      });
  }
  life.release ??= await Release.start(session, script.statements);
  tally.counted.statements += life.release.size;
  const told = new Set<string>();
  const tell = (statement: ReleaseStatement, message: string, why: string): void => {
    // The columns of one table fail for one reason.
    const reason = `${statement.on} ${message}`;
    if (told.has(reason)) return;
    told.add(reason);
    fail(tally, proof, place, {
      statement: statement.sql,
      what: `${after}, a statement of the ${who} release fails on ${statement.on}`,
      expected: "every statement of a release goes well as long as it runs",
      found: message,
      why,
      next: nextFor(who),
    });
  };
  const runs = `the ${who} release runs at this point of the plan`;
  for (const failed of await life.release.tryEverything(chances)) {
    const { statement, failure } = failed;
    const { message } = failure;
    const isOwn = statement.isRefusedLater && isOwnRule(failure, script.catalog, found.catalog);
    if (!isOwn && isFailureSaid(plan, failed, script.catalog, found.catalog))
      tally.remarks.add(`${after}, ${bornBy(who, failed)}: ${message}`);
    else tell(statement, message, isOwn ? tooEarly : whyFailing(failed, runs));
  }
  for (const statement of script.writes[age] ?? []) {
    tally.counted.statements++;
    try {
      await send(session, statement);
    } catch (error) {
      tell(statement, messageOf(error), runs);
    }
  }
}

/** How often a statement that fails is sent again; of rules that refuse every second value by chance one in a thousand is left. */
const chances = 10;

/** What a note of the plan says beforehand. */
function bornBy(who: Life["who"], { statement, failure }: FailedStatement): string {
  if (statement.isRefusedLater || failure.code === "23505")
    return `a write of the ${who} release to ${statement.on} is refused that the migration as written would not survive`;
  if (statement.isCopy) return `COPY of ${statement.on} by the ${who} release does not go`;
  return `a statement on ${statement.on} that the ${who} release prepared by name before fails until it is prepared again`;
}

const tooEarly = "a rule for what the release writes comes before the release is gone";

function whyFailing({ statement, wasPrepared }: FailedStatement, runs: string): string {
  if (statement.isRefusedLater)
    return "from when on writes are refused must not be silent: no note of the plan says it";
  return wasPrepared ? "it was prepared before the step, as pools do" : runs;
}

/** A missing value may be given by a trigger: whether it is, INSERTs show. */
const shownByStatements: ReadonlySet<string> = new Set([
  "extra-required-column",
  "missing-default",
]);

function nextFor(who: Life["who"]): string {
  return who === "old"
    ? "move what changes it into the contract phase, when the old release is gone"
    : "do what it needs before the end of the backfill phase, and keep it from then on";
}
