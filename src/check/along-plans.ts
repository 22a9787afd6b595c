import { resolve } from "node:path";
import { isLockstepError } from "../errors/index.ts";
import { readPlan, runSteps } from "../plan/index.ts";
import { Session, sqlState } from "../pg/index.ts";
import { asConfigured, type Finding } from "../rules/index.ts";
import { quoteIdent } from "../sql/index.ts";
import type { Collected } from "./check-run.ts";
import type { CheckInputs } from "./inputs.ts";
import { replayMigrations } from "./replay-migrations.ts";
import type { CheckRequest } from "./request.ts";
import type { Plan, Step } from "./select.ts";

/**
 * Has the code's recorded statements asked along each proven plan that carries one of the files, on a scratch database of its own:
 * before it, where both releases run, and at its end.
 */
export async function askAlongPlans(
  request: CheckRequest,
  { plan, run, inputs }: { plan: Plan; run: readonly Step[]; inputs: CheckInputs },
  collected: Collected,
): Promise<void> {
  for (const step of run) {
    const path = inputs.planned.get(step.source.file);
    if (path === undefined) continue;
    const earlier = plan.steps.slice(0, plan.steps.indexOf(step));
    const before = [...plan.history, ...earlier.map(({ source }) => source)];
    for (const finding of await askedAlong(request, path, before, inputs.version.major))
      collected.findings.push(...asConfigured(finding, request.ruleConfig));
  }
}

async function askedAlong(
  { cwd, scratchUrl, statements }: CheckRequest,
  path: string,
  before: Parameters<typeof replayMigrations>[0],
  major: number,
): Promise<readonly Finding[]> {
  try {
    const { plan, manifest } = await readPlan(resolve(cwd, path), cwd);
    await using replayed = await replayMigrations(before, { major, url: scratchUrl });
    const { url } = replayed;
    await using session = await Session.open({ url, applicationName: "lockstep/check" });
    // What Lockstep itself installs before it carries a plan out.
    await session.query("CREATE SCHEMA IF NOT EXISTS lockstep");
    const searchPath = manifest.searchPath.map(quoteIdent).join(", ");
    if (searchPath !== "") await session.query(`SET search_path = ${searchPath}`);
    return await statements!.alongPlan({
      path,
      url,
      toBoth: async () => runSteps(session, [...plan.expand, ...plan.backfill]),
      toEnd: async () => runSteps(session, plan.contract),
    });
  } catch (error) {
    if (!isLockstepError(error) && sqlState(error) === undefined) throw error;
    return [notKnown(path, error as Error)];
  }
}

function notKnown(path: string, error: Error): Finding {
  const found = isLockstepError(error) ? error.explanation.what : error.message;
  return {
    rule: "breaks-statement",
    severity: "warning",
    file: `${path}/expand.sql`,
    line: 1,
    message: `whether the code's statements go on along plan ${path} is not known: ${found}`,
    why: "The plan is carried out on scratch, behind the migrations before it, and did not come to its end there.",
    source: "scratch",
    wayOut: { text: `prove the plan again: lockstep plan --prove ${path}` },
    docs: "docs/check.md#the-codes-own-statements",
  };
}
