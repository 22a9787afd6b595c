import { resolve } from "node:path";
import { asConfigured, type Finding } from "../rules/index.ts";
import type { Collected } from "./check-run.ts";
import type { Facts } from "./facts.ts";
import type { CheckInputs } from "./inputs.ts";
import type { CheckRequest } from "./request.ts";
import type { Plan, Step } from "./select.ts";

/** Of more files it is asked at their end alone. */
const askedAlone = 25;

/**
 * Has the code's recorded statements asked on scratch before files are run; gives what asks them after each file, and collects
 * what it took from them. Undefined where there are none, or the files are not of the folder that the code is migrated by.
 */
export async function startStatements(
  request: CheckRequest,
  {
    plan,
    run,
    inputs,
    facts,
  }: { plan: Plan; run: readonly Step[]; inputs: CheckInputs; facts: Facts },
  collected: Collected,
): Promise<((isLast: boolean) => Promise<void>) | undefined> {
  const { statements } = request;
  if (statements === undefined || !isOwnFolder(plan, request)) return undefined;
  if (facts.database === undefined) {
    tellUnasked(request, statements.file, collected);
    return undefined;
  }
  const { planned } = inputs;
  const asked = await statements.before({ ...facts.database, planned });
  if (run.some(({ source }) => planned.has(source.file))) {
    const { askAlongPlans } = await import("./along-plans.ts");
    await askAlongPlans(request, { plan, run, inputs }, collected);
  }
  let first = collected.files.length;
  return async (isLast) => {
    if (!isLast && run.length > askedAlone) return;
    const ran = collected.files.slice(first);
    first = collected.files.length;
    for (const finding of await asked(ran)) add(finding, planned, request, collected);
  };
}

/** Statements say nothing of the migrations of another database, nor of loose files. */
function isOwnFolder({ folder }: Plan, { folder: own, folderRoot, cwd }: CheckRequest): boolean {
  if (folder === undefined) return false;
  return own === undefined || resolve(folderRoot, own.path) === resolve(cwd, folder.path);
}

function add(
  finding: Finding,
  planned: CheckInputs["planned"],
  { ruleConfig }: CheckRequest,
  { findings, suppressed }: Collected,
): void {
  const plan = planned.get(finding.file);
  const configured = asConfigured(finding, ruleConfig);
  if (plan === undefined) findings.push(...configured);
  else
    for (const one of configured)
      suppressed.push({
        finding: one,
        reason: `it is run as the proven plan ${plan}`,
        by: "plan",
      });
}

/** Who asks for predictions alone is told; where a server was wanted and nothing could be run, it is a finding. */
function tellUnasked(request: CheckRequest, file: string, { findings, notes }: Collected): void {
  const message = `whether the statements of ${file} go on is not known: nothing was run on scratch`;
  if (request.static) {
    if (!notes.some((note) => note.message === message))
      notes.push({ kind: "not-observed", message });
    return;
  }
  const finding: Finding = {
    rule: "breaks-statement",
    severity: "warning",
    file,
    line: 1,
    message,
    why: "Postgres itself says whether it takes a statement, on a database that the migrations have made.",
    source: "scratch",
    wayOut: {
      text: "See the note above on what did not run; name a scratch server that has what the migrations need: --scratch-url postgres://…",
    },
    docs: "docs/check.md#the-codes-own-statements",
  };
  if (!findings.some((one) => one.message === message))
    findings.push(...asConfigured(finding, request.ruleConfig));
}
