import type { EffectReport } from "../check/index.ts";
import {
  fillSql,
  type Made,
  type Part,
  type Plan,
  type Proof,
  type ProofFailure,
  type Step,
} from "../plan/index.ts";
import { count, slot, wrap, type Style } from "./style.ts";

/** A plan as `lockstep plan` shows it. */
export interface PlanReport {
  /** The migration's file. */
  readonly migration: string;
  readonly parts: Made["parts"];
  /** Undefined when a part is refused. */
  readonly plan: Plan | undefined;
  /** Where it was written; undefined when it was only shown. */
  readonly folder: string | undefined;
  /** False for a file that belongs to no folder of migrations: nothing carries its plan. */
  readonly isCarried: boolean;
  /** Undefined when there is nothing to prove. */
  readonly proof: Proof | undefined;
  /** What each step was seen to do; none when nothing was proven. */
  readonly effects: readonly SeenStep[];
}

/** A step of a phase, 1 for the first. */
type SeenStep = Pick<Proof["steps"][number], "phase" | "number"> & {
  readonly effect: EffectReport;
};

const phases = ["expand", "backfill", "contract"] as const;

const meanings: Readonly<Record<(typeof phases)[number], string>> = {
  expand: "everything new; the running release does not notice",
  backfill: "rows that are there; the new release may start after it",
  contract: "the old form goes, once no instance of the old release is left",
};

/** What becomes of each statement, the phases step by step, what was proven, and what to do next. */
export function renderPlan(report: PlanReport, style: Style): string {
  const { colors } = style;
  const { migration, parts, plan, proof, effects } = report;
  const blocks = [
    [colors.bold(`plan for ${migration}`), ...parts.map((part) => renderPart(part, style))].join(
      "\n",
    ),
  ];
  if (plan === undefined) return [...blocks, refusedEnd(parts, style)].join("\n\n");
  for (const phase of phases)
    blocks.push(
      renderPhase(
        phase,
        plan[phase],
        effects.filter((one) => one.phase === phase),
        style,
      ),
    );
  if (plan.notes.length > 0)
    blocks.push(plan.notes.map((note) => slot(style, "note", note)).join("\n"));
  if (proof !== undefined) blocks.push(renderProof(proof, style));
  blocks.push(nextLines(report, style));
  return blocks.join("\n\n");
}

function renderPart(part: Part, style: Style): string {
  const { colors } = style;
  const line = part.statements[0]!.statement.line;
  const words = { kept: "as it is", operation: "in phases", refused: "no way" };
  const paint = { kept: colors.dim, operation: colors.green, refused: colors.red }[part.kind];
  const head = slot(style, `line ${line}`, part.title.replaceAll(/\s+/g, " "));
  const [first, ...rest] = head.split("\n");
  const lines = [`${first}  ${paint(words[part.kind])}`, ...rest];
  if (part.kind === "refused")
    lines.push(
      slot(style, "why", part.why),
      ...part.instead.map((text) => slot(style, "instead", text)),
    );
  return lines.join("\n");
}

function refusedEnd(parts: readonly Part[], { colors }: Style): string {
  const refused = parts.filter(({ kind }) => kind === "refused").length;
  return `${colors.red(colors.bold("no plan"))}: ${count(refused, "statement")} of ${parts.length} without a way; nothing was written`;
}

function renderPhase(
  phase: (typeof phases)[number],
  steps: readonly Step[],
  seen: readonly SeenStep[],
  style: Style,
): string {
  const { colors } = style;
  const head = `${colors.bold(phase)}  ${colors.dim(meanings[phase])}`;
  if (steps.length === 0) return `${head}\n      nothing`;
  const lines = steps.flatMap(({ title, kind }, n) => {
    const text = `${title.replaceAll(/\s+/g, " ")}${kind === "fill" ? ", in batches" : ""}`;
    const [first, ...rest] = wrap(text, style.width - 6);
    return [`  ${String(n + 1).padStart(2)}  ${first}`, ...rest.map((line) => `      ${line}`)];
  });
  const waits = wrap(waitsText(seen), style.width - 6).filter((line) => line !== "");
  lines.push(...waits.map((line) => `      ${colors.dim(line)}`));
  return [head, ...lines].join("\n");
}

/** Lock modes that make writers wait and readers not (manual 13.3.1). */
const keepsWritersOut: ReadonlySet<string> = new Set(["Share", "ShareRowExclusive", "Exclusive"]);

/** Whom a phase keeps waiting, each for a moment: empty for one that keeps nobody. */
function waitsText(seen: readonly SeenStep[]): string {
  const locks = seen
    .flatMap(({ effect }) => effect.locks)
    .filter(({ kind }) => !kind.includes("index") && kind !== "sequence");
  const named = (is: (mode: string) => boolean) =>
    new Set(locks.flatMap(({ mode, relation }) => (is(mode) ? [relation] : [])));
  const all = named((mode) => mode === "AccessExclusive");
  const writers = [...named((mode) => keepsWritersOut.has(mode))].filter((name) => !all.has(name));
  const parts = [
    ...(all.size === 0 ? [] : [`locks ${[...all].join(", ")}`]),
    ...(writers.length === 0 ? [] : [`keeps writers out of ${writers.join(", ")}`]),
  ];
  return parts.length === 0 ? "" : `${parts.join(" and ")}, each time for a moment`;
}

function renderProof(proof: Proof, style: Style): string {
  const { colors } = style;
  const mark = (holds: boolean) => (holds ? colors.green("yes") : colors.red("no "));
  const { counted, server, maxLock } = proof;
  const strongest = maxLock === null ? "none" : `${maxLock.mode} on ${maxLock.relation}`;
  const claims: readonly (readonly [boolean, string])[] = [
    [
      proof.catalogEqual && proof.dataEqual,
      "the end is the naive migration's: catalog, column order aside, and rows",
    ],
    [proof.oldContractHolds, "the old release goes on until the contract phase"],
    [proof.newContractHolds, "the new release goes on from the end of the backfill phase"],
    [
      proof.online,
      `no work that grows with a table under a lock that others wait for (strongest short lock: ${strongest})`,
    ],
    [proof.reversible, "abort from every point gives the start back and loses no write"],
    [proof.repeatable, "doing a step again changes nothing"],
  ];
  const extent = `on Postgres ${server}: ${count(counted.statements, "statement")} of both releases at ${count(counted.points, "point")}, ${count(counted.rows, "row")} compared, ${count(counted.aborts, "abort")}`;
  const [first = "", ...rest] = wrap(extent, style.width - 7);
  const head = [
    `${colors.bold("proof")}  ${colors.dim(first)}`,
    ...rest.map((line) => `       ${colors.dim(line)}`),
  ].join("\n");
  const lines = claims.flatMap(([holds, text]) => {
    const [first, ...rest] = wrap(text, style.width - 7);
    return [`  ${mark(holds)}  ${first}`, ...rest.map((line) => `       ${line}`)];
  });
  lines.push(...proof.remarks.map((remark) => slot(style, "remark", remark)));
  const failures = proof.failures.map((failure) => renderFailure(failure, style));
  return [[head, ...lines].join("\n"), ...failures].join("\n\n");
}

function renderFailure(failure: ProofFailure, style: Style): string {
  const { colors } = style;
  const { proof, step, what, statement, expected, found, why, next } = failure;
  const place = step === null ? "" : ` (${step.at ?? `${step.phase} ${step.number}`})`;
  return [
    `${colors.red(colors.bold(`not proven[${proof}]`))}: ${colors.bold(what)}${place}`,
    ...(statement === null ? [] : [slot(style, "sent", statement)]),
    slot(style, "expected", expected),
    slot(style, "found", found),
    slot(style, "why", why),
    slot(style, "next", next),
  ].join("\n");
}

function nextLines({ migration, folder, proof, isCarried }: PlanReport, style: Style): string {
  if (folder === undefined) return slot(style, "next", "run it without --dry-run to write it");
  const isProven = proof?.failures.length === 0;
  const lines = isProven
    ? [
        `read ${folder}: plain SQL, yours to edit; then prove it again: lockstep plan --prove ${folder}`,
        isCarried
          ? "commit it beside the migration; lockstep migrate and deploy carry it out from there"
          : `${migration} is in no folder of migrations, so lockstep migrate and deploy will not carry this plan: put the file into the folder (migrations.folder of the config) and plan it there`,
      ]
    : [
        `${folder} was written, and lockstep migrate refuses it until it is proven`,
        `edit it and prove it again: lockstep plan --prove ${folder}`,
      ];
  return lines.map((line) => slot(style, "next", line)).join("\n");
}

/** As scripts read it; members are only ever added. */
export function planJson(report: PlanReport): object {
  const { migration, parts, plan, folder, proof, effects } = report;
  return {
    version: 1,
    migration,
    folder: folder ?? null,
    statements: parts.map((part) => ({
      line: part.statements[0]!.statement.line,
      title: part.title,
      outcome: part.kind,
      ...(part.kind === "refused" ? { why: part.why, instead: part.instead } : {}),
    })),
    phases:
      plan === undefined
        ? []
        : phases.map((name) => ({
            name,
            steps: plan[name].map((step, n) =>
              stepJson(
                step,
                effects.find((one) => one.phase === name && one.number === n + 1),
              ),
            ),
          })),
    notes: plan?.notes ?? [],
    proof: proof ?? null,
  };
}

/** @param seen undefined where nothing was proven */
function stepJson(step: Step, seen: SeenStep | undefined): object {
  const undo = step.undo.flatMap((change) =>
    change.kind === "outside" ? [change.statement] : change.statements,
  );
  const work =
    step.kind === "fill"
      ? {
          backfill: {
            table: step.table,
            set: step.set,
            todo: step.todo,
            once: step.once === true,
            sql: fillSql(step),
          },
        }
      : { sql: step.kind === "outside" ? step.statement : step.statements.join(";\n") };
  return {
    title: step.title,
    ...work,
    effect: seen?.effect ?? null,
    undo: undo.join(";\n"),
  };
}
