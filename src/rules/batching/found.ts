import type { Routine } from "../../effects/index.ts";
import type { Statement } from "../../sql/index.ts";
import { StatementSource } from "../fix-source.ts";
import type { CheckedStatement, FileInput } from "../rule.ts";
import { subjectOf, type Subject } from "../subject.ts";
import { changeOf, type Change } from "./change.ts";
import { programOf, programOfBody, type Loop, type Program } from "./program.ts";

/** An UPDATE or DELETE of an existing table, wherever it stands. */
export interface FoundChange {
  readonly change: Change;
  readonly table: Subject;
  /** The loop around it, in PL/pgSQL. */
  readonly loop: Loop | undefined;
  /** Its own text. */
  readonly text: StatementSource;
  /** True when it stands in a PL/pgSQL block. */
  readonly inBlock: boolean;
}

/** Several rules ask about one statement, all of them when its file has ended. */
const known = new WeakMap<CheckedStatement, readonly FoundChange[]>();

/** What a statement changes: by itself, or by the PL/pgSQL that it runs. */
export function changesOf(input: FileInput, at: CheckedStatement): readonly FoundChange[] {
  let changes = known.get(at);
  if (changes === undefined) known.set(at, (changes = findChanges(input, at)));
  return changes;
}

function findChanges(input: FileInput, at: CheckedStatement): readonly FoundChange[] {
  const scope = { world: input.world, existing: input.existing, session: at.session };
  const program = programRun(input, at);
  const own = { node: at.statement.node, loop: undefined };
  const parts =
    program === undefined
      ? [{ ...own, text: new StatementSource(input.text, at.statement) }]
      : program.statements.map((inner) => ({ ...inner, text: sourceOf(inner.sql) }));
  return parts.flatMap(({ text, node, loop }) => {
    const change = changeOf(node);
    if (change === undefined) return [];
    const table = subjectOf(scope, change.relation);
    return table.existed ? [{ change, table, loop, text, inBlock: program !== undefined }] : [];
  });
}

/** The body that runs when the statement does: a DO block's, or that of a routine that it calls. */
function programRun(input: FileInput, at: CheckedStatement): Program | undefined {
  const { node } = at.statement;
  if ("DoStmt" in node) return programOf(at.statement);
  const called = calledRoutine(at.statement);
  if (called === undefined) return undefined;
  const defined = input.statements.findLast(
    ({ statement }) =>
      statement.index < at.statement.index &&
      "CreateFunctionStmt" in statement.node &&
      lastName(statement.node.CreateFunctionStmt.funcname) === called,
  );
  if (defined !== undefined) return programOf(defined.statement);
  const stored = [...input.world.routines.values()]
    .flat()
    .filter(({ name, language }) => name === called && language === "plpgsql");
  // Overloads are told apart by their arguments, which are not looked at here.
  return stored.length === 1 ? storedProgram(stored[0]!) : undefined;
}

/** Bodies are read once, however often the routine is called. */
const read = new WeakMap<Routine, Program | undefined>();

function storedProgram(routine: Routine): Program | undefined {
  if (!read.has(routine))
    read.set(routine, routine.body === undefined ? undefined : programOfBody(routine.body));
  return read.get(routine);
}

/** `CALL f(…)` and `SELECT f(…)`. */
function calledRoutine({ node }: Statement): string | undefined {
  if ("CallStmt" in node) return lastName(node.CallStmt.funccall?.funcname);
  if (!("SelectStmt" in node) || node.SelectStmt.fromClause !== undefined) return undefined;
  const [target, ...others] = node.SelectStmt.targetList ?? [];
  if (others.length > 0 || target === undefined || !("ResTarget" in target)) return undefined;
  const { val } = target.ResTarget;
  return val !== undefined && "FuncCall" in val ? lastName(val.FuncCall.funcname) : undefined;
}

function lastName(names: readonly unknown[] | undefined): string | undefined {
  const last = names?.at(-1) as { String?: { sval?: string } } | undefined;
  return last?.String?.sval;
}

/** The text of a statement that stands in a block. */
export function sourceOf(sql: string): StatementSource {
  const statement = { sql, start: 0, end: sql.length } as Statement;
  return new StatementSource(sql, statement);
}
