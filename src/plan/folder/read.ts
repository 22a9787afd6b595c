import { parseSql, type Statement } from "../../sql/index.ts";
import { commentsBefore } from "../comments.ts";
import type { Change, Fill, Plan, Step } from "../model.ts";
import { refusesTransaction } from "../refuses-transaction.ts";
import { invalid } from "./invalid.ts";
import { readFill } from "./read-fill.ts";
import type { PhaseName, PlanTexts } from "./write.ts";

/**
 * The phases as the files say, edited by a person or not.
 *
 * @param shown the folder, for messages
 * @throws LockstepError `sql-syntax`, `plan-invalid` with file and line
 */
export async function readPhases(
  texts: PlanTexts,
  shown: string,
): Promise<Pick<Plan, "expand" | "backfill" | "contract">> {
  const phase = async (name: PhaseName) => cutBlocks(texts[`${name}.sql`], `${shown}/${name}.sql`);
  const undo = await readUndo(texts["abort.sql"], `${shown}/abort.sql`);
  const steps = async (name: PhaseName) =>
    (await phase(name)).map((block, n): Step => stepOf(block, undo.get(`${name} ${n + 1}`) ?? []));
  const plan = {
    expand: await steps("expand"),
    backfill: await steps("backfill"),
    contract: await steps("contract"),
  };
  for (const [target, [first]] of undo) {
    const [name, number] = target.split(" ") as [PhaseName, string];
    if (name === "contract" || Number(number) > plan[name].length)
      throw invalid(first!.at, {
        what: `it is to undo ${target}, and there is no such step`,
        expected: `the number of a step of expand.sql or backfill.sql`,
        next: "number it as the steps are, from 1",
      });
  }
  return plan;
}

/** What stands between two others: one statement, or several between BEGIN and COMMIT. */
interface Block {
  readonly at: string;
  readonly comments: readonly string[];
  readonly change: Change;
  readonly statements: readonly Statement[];
}

async function cutBlocks(text: string, file: string): Promise<readonly Block[]> {
  const statements = await parseSql(text, file);
  const blocks: Block[] = [];
  let open: { readonly from: Statement; readonly comments: readonly string[] } | undefined;
  let inside: Statement[] = [];
  let end = 0;
  for (const statement of statements) {
    const comments = commentsBefore(text, end, statement);
    end = statement.end;
    const at = `${file}:${statement.line}`;
    const control = controlOf(statement);
    if (control === "begin" && open === undefined) {
      open = { from: statement, comments };
      inside = [];
    } else if (control === "commit" && open !== undefined) {
      if (inside.length > 0) {
        const change: Change = { kind: "transaction", statements: inside.map(({ sql }) => sql) };
        const from = `${file}:${open.from.line}`;
        blocks.push({ at: from, comments: open.comments, change, statements: inside });
      }
      open = undefined;
    } else if (control !== undefined)
      throw invalid(at, {
        what: "a plan's transactions are BEGIN and COMMIT, one after the other",
        expected: "BEGIN; statements; COMMIT;",
        next: "take it out: what stands between BEGIN and COMMIT is one step",
      });
    else if (open !== undefined) inside.push(statement);
    else blocks.push({ at, comments, change: changeOf(statement), statements: [statement] });
  }
  if (open === undefined) return blocks;
  throw invalid(`${file}:${open.from.line}`, {
    what: "a transaction is opened and never committed",
    expected: "a COMMIT behind its last statement",
    next: "add the COMMIT",
  });
}

function controlOf({ node }: Statement): "begin" | "commit" | "other" | undefined {
  if (!("TransactionStmt" in node)) return undefined;
  const { kind } = node.TransactionStmt;
  if (kind === "TRANS_STMT_BEGIN" || kind === "TRANS_STMT_START") return "begin";
  return kind === "TRANS_STMT_COMMIT" ? "commit" : "other";
}

function changeOf(statement: Statement): Change {
  const { sql } = statement;
  return refusesTransaction(statement)
    ? { kind: "outside", statement: sql }
    : { kind: "transaction", statements: [sql] };
}

function stepOf({ at, comments, change, statements }: Block, undo: readonly Undo[]): Step {
  const heading = comments.flatMap((line) => /^step \d+: (.*)$/s.exec(line)?.[1] ?? []).at(-1);
  const title = heading ?? statements[0]!.sql.split("\n", 1)[0]!;
  const isOnce = comments.includes("lockstep: backfill once");
  const isFill = isOnce || comments.includes("lockstep: backfill");
  const own: Change | Fill = isFill ? readFill(statements, at, isOnce) : change;
  return { ...own, title, at, undo: undo.map((one) => one.change) };
}

interface Undo {
  readonly at: string;
  readonly change: Change;
}

/** By what they undo: `expand 3`. */
async function readUndo(text: string, file: string): Promise<ReadonlyMap<string, readonly Undo[]>> {
  const undo = new Map<string, Undo[]>();
  let target: string | undefined;
  for (const { at, comments, change } of await cutBlocks(text, file)) {
    for (const line of comments)
      target = /^undo of ((?:expand|backfill|contract) \d+)$/.exec(line)?.[1] ?? target;
    if (target === undefined)
      throw invalid(at, {
        what: "it does not say which step it undoes",
        expected: "a line `-- undo of expand 1` in front of it",
        next: "add that line, with the step's phase and number",
      });
    undo.set(target, [...(undo.get(target) ?? []), { at, change }]);
  }
  return undo;
}
