import { createHash } from "node:crypto";
import {
  flagColumn,
  type Fill,
  type PhaseName,
  type PlanFolder,
  type PlanTexts,
  type Step,
} from "../plan/index.ts";
import { parseSql, quoteIdent, quoteQualified } from "../sql/index.ts";
import type { Migration } from "../tools/index.ts";

/** What a plan is carried through in: SQL that the runner applies as a migration of its own, or rows to be filled. */
export type Part = SqlPart | FillPart;

export interface SqlPart {
  readonly kind: "sql";
  readonly migration: Migration;
  /** What the plan has reached, or set out to do, once it is applied. */
  readonly mark: Mark | undefined;
}

export interface FillPart {
  readonly kind: "fill";
  /** Unique in the database: the plan and the number of the fill. */
  readonly id: string;
  readonly title: string;
  readonly table: string;
  readonly set: string;
  readonly todo: string;
  /** True when triggers keep filled rows so: none may be left. Other rows the old release may write anew. */
  readonly isKept: boolean;
  /** See `Fill`. */
  readonly once: boolean;
}

/** Moments at which the plan's row in the ledger changes, each in one transaction with what it tells. */
export type Mark = "begin" | "expanded" | "ready" | "contract" | "finished" | "abort" | "aborted";

export type CarriedPhase = PhaseName | "abort";

export type PlanParts = Readonly<Record<CarriedPhase, readonly Part[]>>;

/**
 * Cuts a plan into parts. The lines of each part are those of its file, so that messages name them.
 *
 * Moments that have no statement of their own are parts without statements: the runner records them all the same.
 */
export async function partsOf({ plan, texts, path }: PlanFolder): Promise<PlanParts> {
  const sql: SqlOf = (name, file, text, mark) => ({
    kind: "sql",
    migration: {
      id: `${plan.id}/${name}`,
      file: `${path}/${file}`,
      sql: text,
      checksum: createHash("sha256").update(text).digest("hex"),
      transaction: "statement",
      native: {},
    },
    mark,
  });
  const whole = (name: keyof PlanTexts) => texts[name];
  return {
    expand: [
      sql("begin", "expand.sql", "", "begin"),
      sql("expand", "expand.sql", whole("expand.sql")),
      sql("expanded", "expand.sql", "", "expanded"),
    ],
    backfill: [
      ...(await filledParts(plan, "backfill", texts["backfill.sql"], sql)),
      sql("ready", "backfill.sql", "", "ready"),
    ],
    contract: await contractParts(plan, whole("contract.sql"), sql),
    abort: [
      sql("abort begins", "abort.sql", "", "abort"),
      sql("abort", "abort.sql", whole("abort.sql")),
      sql("aborted", "abort.sql", "", "aborted"),
    ],
  };
}

/** The runner knows what it has done of a plan under this name. */
export function sourceOf(plan: string): string {
  return `plan:${plan}`;
}

type SqlOf = (name: string, file: keyof PlanTexts, text: string, mark?: Mark) => SqlPart;

/**
 * The contract phase begins in the transaction that ends dual writes: what is looked for before it is looked for in it,
 * and as long as that fails the plan can be taken back. One that begins with work of another kind has no dual writes.
 */
async function contractParts(
  plan: PlanFolder["plan"],
  text: string,
  sql: SqlOf,
): Promise<readonly Part[]> {
  const file = "contract.sql";
  const begins = plan.contract[0]?.kind === "transaction";
  const from = begins ? await endOfFirst(text, file) : 0;
  const rest = { ...plan, contract: begins ? plan.contract.slice(1) : plan.contract };
  const restText = begins ? only(text, from, text.length) : text;
  return [
    sql("contract begins", file, begins ? text.slice(0, from) : "", "contract"),
    ...(hasFill(rest.contract)
      ? [
          ...(await filledParts(rest, "contract", restText, sql)),
          sql("contract ends", file, "", "finished"),
        ]
      : [sql("contract", file, restText, "finished")]),
  ];
}

/** Where the first step of a text ends: behind its statement, or behind the COMMIT of its transaction. */
async function endOfFirst(text: string, file: string): Promise<number> {
  const statements = await parseSql(text, file);
  const isControl = ({ kind }: (typeof statements)[number]) => kind === "TransactionStmt";
  const [first] = statements;
  if (first === undefined || !isControl(first)) return endOf(text, first?.end ?? 0);
  return endOf(text, statements.slice(1).find(isControl)?.end ?? text.length);
}

/** The semicolon belongs to what it ends. */
function endOf(text: string, end: number): number {
  return text[end] === ";" ? end + 1 : end;
}

function hasFill(steps: readonly Step[]): boolean {
  return steps.some(({ kind }) => kind === "fill");
}

/** The fills of a phase, and the stretches of SQL between them. */
async function filledParts(
  plan: PlanFolder["plan"],
  phase: "backfill" | "contract",
  text: string,
  sql: SqlOf,
): Promise<readonly Part[]> {
  const file = `${phase}.sql` as const;
  const statements = await parseSql(text, file);
  const plain = statements.filter(({ kind }) => kind !== "TransactionStmt");
  const parts: Part[] = [];
  let at = 0;
  let from = 0;
  let holdsSql = false;
  let fills = 0;
  const close = (to: number) => {
    if (holdsSql) parts.push(sql(`${phase} ${parts.length + 1}`, file, only(text, from, to)));
    holdsSql = false;
  };
  for (const step of plan[phase]) {
    const first = plain[at]!;
    at += statementsOf(step);
    if (step.kind === "fill") {
      close(first.start);
      const number = `${++fills}`;
      const id = phase === "backfill" ? number : `${phase} ${number}`;
      parts.push(fillPart(plan.id, id, step));
      from = first.end;
    } else holdsSql = true;
  }
  close(text.length);
  return parts;
}

function statementsOf(step: Step): number {
  return step.kind === "transaction" ? step.statements.length : 1;
}

function fillPart(
  plan: string,
  number: string,
  { title, table, set, todo, once }: Fill & { readonly title: string },
): FillPart {
  return {
    kind: "fill",
    id: `${plan}/${number}`,
    title,
    table: quoteQualified(table.schema, table.name),
    set,
    todo,
    isKept: set === `${quoteIdent(flagColumn(plan))} = 1`,
    once: once === true,
  };
}

/** A stretch of a text at its place: lines before it are empty. */
function only(text: string, from: number, to: number): string {
  return "\n".repeat(text.slice(0, from).split("\n").length - 1) + text.slice(from, to);
}
