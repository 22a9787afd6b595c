import { diff, qualifiedName } from "../catalog/index.ts";
import type { Effect } from "../effects/index.ts";
import { quoteIdent, type Statement } from "../sql/index.ts";
import { undoOf } from "./inverse.ts";
import { expectedStall } from "./expected-stall.ts";
import { followsRename } from "./follows.ts";
import { isHarmless } from "./harmless.ts";
import type { Change, PlannedOperation, Step } from "./model.ts";
import type { Naive } from "./naive.ts";
import { named } from "./lookup.ts";
import { newLabelNotes } from "./new-labels.ts";
import { namedStatement } from "./named.ts";
import { isNoticed } from "./noticed.ts";
import { operations } from "./operations/all.ts";
import { isGivenOnce } from "./operations/change-rows/index.ts";
import { renamedLater } from "./renamed-later.ts";
import { refusesTransaction } from "./refuses-transaction.ts";
import { repeatable } from "./repeatable.ts";
import { takenRights } from "./taken-rights.ts";
import type { NaiveStatement, Recognised, Refusal } from "./operations/operation.ts";
import { outside, transaction } from "./model.ts";
import { forPeople, statementTitle } from "./wording.ts";

export interface RecogniseRequest {
  readonly naive: Naive;
  readonly plan: string;
  readonly searchPath: readonly string[];
  readonly major: number;
}

/** What became of one statement, or of several that one operation took together. */
export type Part = {
  readonly statements: readonly NaiveStatement[];
  readonly title: string;
} & (
  | { readonly kind: "kept" | "operation"; readonly planned: PlannedOperation }
  | { readonly kind: "refused"; readonly why: string; readonly instead: readonly string[] }
);

/**
 * Tells for each statement of a migration what becomes of it: it stays as it is, an operation has a way for it, or
 * there is none.
 */
export async function recognise(request: RecogniseRequest): Promise<readonly Part[]> {
  const { naive, plan, searchPath, major } = request;
  const { start, goal, existed } = naive;
  const parts: Part[] = [];
  const late = new Late();
  for (let at = 0; at < naive.statements.length;) {
    const own = naive.statements[at]!;
    const preceding = naive.statements.slice(0, at);
    const following = naive.statements.slice(at + 1);
    const around = { preceding, following };
    // A comment for Lockstep says that more is meant than the statement alone.
    const isPlain = isHarmless(own.effect) && !own.comments.some((line) => directive.test(line));
    const found =
      isPlain && !(await isNoticed(own))
        ? undefined
        : await ask({ ...own, ...around, plan, start, goal, existed, searchPath, major });
    const takes = found?.takes ?? 0;
    const statements = naive.statements.slice(at, at + 1 + takes);
    const rights =
      found === undefined && isPlain ? await takenRights({ ...own, preceding, start }) : undefined;
    const planned = await kept(own, following, request, {
      isLate: late.has(own.statement),
      isTaken: rights === "late",
    });
    if (found !== undefined && "planned" in found) late.note(statements, found.planned);
    const refused =
      typeof rights === "object"
        ? { title: statementTitle(own.statement.sql), refused: rights }
        : (found ?? (isPlain ? undefined : followsRename(own, parts, searchPath)));
    const part = partOf(statements, refused, isPlain, planned);
    parts.push(withoutOldNames(part, naive.statements.slice(at + statements.length)));
    at += statements.length;
  }
  return parts;
}

/** Statements that build on what comes only after the fills (a key that a foreign key refers to) come there too. */
class Late {
  readonly #names = new Set<string>();

  /** Notes what an operation does late. */
  note(statements: readonly NaiveStatement[], { settle = [] }: PlannedOperation): void {
    if (settle.length > 0)
      for (const { statement } of statements)
        for (const name of namesIn(statement.node)) this.#names.add(name);
  }

  /** Whether a statement that is kept names something that is made or changed late. */
  has(statement: Statement): boolean {
    const names = namesIn(statement.node);
    const isLate = names.some((name) => this.#names.has(name));
    if (isLate) for (const name of names) this.#names.add(name);
    return isLate;
  }
}

/** Relations that a statement names, without their schemas: to come late without need is no harm. */
function namesIn(part: unknown): readonly string[] {
  if (typeof part !== "object" || part === null) return [];
  const { relname } = part as { readonly relname?: unknown };
  const inner = Object.values(part).flatMap(namesIn);
  return typeof relname === "string" ? [relname, ...inner] : inner;
}

/** `-- lockstep: …` */
const directive = /^lockstep:/;

async function ask(input: Parameters<(typeof operations)[number]>[0]) {
  for (const operation of operations) {
    const found = await operation(input);
    if (found !== undefined) return found;
  }
  return undefined;
}

function partOf(
  statements: readonly NaiveStatement[],
  found: Recognised | Refusal | undefined,
  isPlain: boolean,
  planned: PlannedOperation,
): Part {
  const title = forPeople(found?.title ?? statementTitle(statements[0]!.statement.sql));
  if (found !== undefined && "planned" in found)
    return { kind: "operation", statements, title, planned: found.planned };
  if (found !== undefined) {
    const { why, instead } = found.refused;
    return refusal(statements, title, why, instead);
  }
  if (isPlain) return { kind: "kept", statements, title, planned };
  return refusal(
    statements,
    title,
    `no operation knows a way for this statement, and as it is it ${harmOf(statements[0]!.effect)}`,
    [
      "run it in a maintenance window: lockstep check says what it locks, lockstep rehearse for how long",
    ],
  );
}

/** With what it costs to do it all the same, where no way says that itself. */
function refusal(
  statements: readonly NaiveStatement[],
  title: string,
  why: string,
  instead: readonly string[],
): Part {
  const isSaid = [why, ...instead].some((text) => text.includes("million rows"));
  const stall = isSaid ? undefined : expectedStall(statements);
  const ways = stall === undefined ? instead : [...instead, stall];
  return { kind: "refused", statements, title, why: forPeople(why), instead: ways };
}

/** The contract phase knows things by their last names. */
function withoutOldNames(part: Part, following: readonly NaiveStatement[]): Part {
  const renamed = part.kind === "refused" ? undefined : renamedLater(part.planned, following);
  if (renamed === undefined) return part;
  const { statements, title } = part;
  return {
    kind: "refused",
    statements,
    title,
    why: forPeople(
      `it belongs into the contract phase, when ${renamed.from} is called ${renamed.to} already, as a later statement has it`,
    ),
    instead: ["write it behind that statement, with the new name"],
  };
}

/** What speaks against running it as it is. */
function harmOf({ unknown, breaks, failures, work }: Effect): string {
  if (unknown.length > 0) return `does what cannot be known: ${unknown.join("; ")}`;
  if (breaks.length > 0)
    return `breaks the release that runs: ${breaks.map(({ object, how }) => `${object} ${how}`).join(", ")}`;
  const [failure] = failures;
  if (failure !== undefined) return `may fail: ${failure.message}`;
  const done = work.map((one) => `${one.kind} of ${one.relation}`);
  return `holds a lock that others wait for while it works (${done.join(", ")})`;
}

/**
 * `CREATE INDEX IF NOT EXISTS`, which Postgres takes for done when anything has the name. Whoever runs the plan does not:
 * an index that was never built would pass for it.
 */
function isIndexIfMissing({ node }: Statement): boolean {
  return "IndexStmt" in node && node.IndexStmt.if_not_exists === true;
}

/**
 * The statement as it is, with what takes it back: before anything else, after what it builds on, or in the contract
 * phase when it takes from releases what no other way tells of.
 */
async function kept(
  ran: NaiveStatement,
  following: readonly NaiveStatement[],
  { naive: { existed, start }, searchPath }: RecogniseRequest,
  { isLate, isTaken }: { readonly isLate: boolean; readonly isTaken: boolean },
): Promise<PlannedOperation> {
  const { statement, before, after, effect } = ran;
  const title = statementTitle(statement.sql);
  if (isIndexIfMissing(statement) && (await diff(before, after)).length === 0)
    return { notes: [`${title}: an index of this name is there already, so it is left as it is`] };
  if (takesAway(statement) && (await diff(before, after)).length === 0) return {};
  const { undo: known, remains } = await undoOf(before, after, existed);
  const undo = [...published(statement), ...known];
  const sql = namedStatement(ran, searchPath) ?? repeatable(statement);
  const isOutside =
    refusesTransaction(statement) || effect.failures.some(({ when }) => when === "in-transaction");
  const step: Step = isOutside ? outside(title, sql, undo) : { ...transaction(title, [sql]), undo };
  // What it changes (storage, statistics, an owner) nobody notices, and the catalog does not say how it was.
  const isLast = isTaken || ((await isAside(ran)) && !(await areNamed(statement, following)));
  if (isLast) return { narrow: [{ ...step, undo: [] }] };
  const given = givenTo(ran, existed, searchPath);
  const isLeft = remains.some((one) => !isOfNewType(one, start));
  const stays = {
    remains: [...remains, ...(given === undefined ? [] : [`inserted rows of ${given}`])],
    notes: [
      ...(isLeft ? [`stays done after an abort: ${title}`] : []),
      ...newLabelNotes(before, after, start),
      ...(given === undefined ? [] : [`what is inserted into ${given} stays after an abort`]),
    ],
  };
  return isLate ? { settle: [step], ...stays } : { expand: [step], ...stays };
}

/** A label of a type that the migration makes itself: an abort takes the type. */
function isOfNewType(remaining: string, { enums }: Naive["start"]): boolean {
  const kind = "extra-enum-value ";
  return remaining.startsWith(kind) && !(remaining.slice(kind.length) in enums);
}

/** `DROP DEFAULT` or `DROP NOT NULL` alone: generated migrations take away what is not there. */
function takesAway({ node }: Statement): boolean {
  if (!("AlterTableStmt" in node)) return false;
  const [only, ...more] = node.AlterTableStmt.cmds ?? [];
  if (only === undefined || !("AlterTableCmd" in only) || more.length > 0) return false;
  const { subtype, def } = only.AlterTableCmd;
  return (subtype === "AT_ColumnDefault" && def === undefined) || subtype === "AT_DropNotNull";
}

/** What takes a new publication back, which catalogs do not tell of. */
function published({ node }: Statement): readonly Change[] {
  if (!("CreatePublicationStmt" in node)) return [];
  const name = quoteIdent(node.CreatePublicationStmt.pubname ?? "");
  return [{ kind: "transaction", statements: [`DROP PUBLICATION IF EXISTS ${name}`] }];
}

/** Whether a statement changes nothing but what stands beside what catalogs tell. */
async function isAside({ statement: { node }, before, after }: NaiveStatement): Promise<boolean> {
  const mayBe =
    "AlterTableStmt" in node ||
    "AlterOwnerStmt" in node ||
    "CreatePublicationStmt" in node ||
    "AlterPublicationStmt" in node;
  return mayBe && (await diff(before, after)).length === 0;
}

/** Whether later statements take what a statement names away, or its name. */
async function areNamed(
  statement: Statement,
  following: readonly NaiveStatement[],
): Promise<boolean> {
  const names = new Set(namesIn(statement.node));
  for (const { statement: later, before, after } of following)
    if (
      takesNames(later) &&
      namesIn(later.node).some((name) => names.has(name)) &&
      (await diff(before, after)).length > 0
    )
      return true;
  return false;
}

function takesNames({ node }: Statement): boolean {
  if ("RenameStmt" in node || "DropStmt" in node || "AlterObjectSchemaStmt" in node) return true;
  return (
    "AlterTableStmt" in node &&
    (node.AlterTableStmt.cmds ?? []).some(
      (cmd) => "AlterTableCmd" in cmd && cmd.AlterTableCmd.subtype?.startsWith("AT_Drop") === true,
    )
  );
}

/** The table of the old release that gets rows which the migration gives itself. */
function givenTo(
  { statement, before }: NaiveStatement,
  existed: Naive["existed"],
  searchPath: readonly string[],
): string | undefined {
  const { node } = statement;
  if (!("InsertStmt" in node) || node.InsertStmt.relation === undefined) return undefined;
  const table = named(before.tables, node.InsertStmt.relation, searchPath);
  if (table === undefined || !existed(table) || !isGivenOnce(statement, table)) return undefined;
  return qualifiedName(table.schema, table.name);
}
