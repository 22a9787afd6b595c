import { parseLoaded, type Statement } from "../../sql/index.ts";
import { walk } from "../world/expressions.ts";
import { findRoutines, type Routine, type World } from "../world/index.ts";
import { dottedName, strings } from "../world/nodes.ts";
import { parseProgram, statementsOf } from "./parse.ts";
import { expressionOf, type PlNode } from "./tree.ts";

/** What a body holds, whatever the catalog looks like. */
interface Contents {
  /** True for DDL, and for SQL that is put together when it runs. */
  readonly changes: boolean;
  /** Functions and procedures that are called, as they are written. */
  readonly calls: readonly (readonly string[])[];
}

const known = new WeakMap<Routine, Contents>();

/** False when running the routine certainly leaves the catalog as it is. */
export function mayChangeCatalog(
  world: World,
  searchPath: readonly string[],
  routine: Routine,
  asked: Set<Routine> = new Set(),
): boolean {
  if (asked.has(routine)) return false;
  asked.add(routine);
  const { changes, calls } = contentsOf(routine);
  return (
    changes ||
    calls.some((name) =>
      findRoutines(world, dottedName(name), searchPath).some((other) =>
        mayChangeCatalog(world, searchPath, other, asked),
      ),
    )
  );
}

function contentsOf(routine: Routine): Contents {
  const found = known.get(routine) ?? read(routine);
  known.set(routine, found);
  return found;
}

const nothing: Contents = { changes: false, calls: [] };
const anything: Contents = { changes: true, calls: [] };

function read({ kind, language, volatility, body, sqlBody }: Routine): Contents {
  // C functions that run DDL are unknown by themselves: whoever predicts them says so.
  if (kind === "aggregate" || volatility !== "volatile" || language === "c") return nothing;
  if (language === "internal" || sqlBody !== undefined) return nothing;
  try {
    if (language === "sql") return inStatements(parseLoaded(body ?? "", "a function"));
    if (language !== "plpgsql") return anything;
    return inProgram(parseProgram(body ?? "", "routine").block);
  } catch {
    return anything;
  }
}

const rowStatements: ReadonlySet<string> = new Set([
  "SelectStmt",
  "InsertStmt",
  "UpdateStmt",
  "DeleteStmt",
  "MergeStmt",
  "TruncateStmt",
  "LockStmt",
  "VariableSetStmt",
  "VariableShowStmt",
  "NotifyStmt",
]);

function inStatements(statements: readonly Statement[]): Contents {
  const calls: string[][] = [];
  let changes = false;
  for (const { kind, node } of statements) {
    if ("CallStmt" in node) calls.push(strings(node.CallStmt.funccall?.funcname));
    else if (!rowStatements.has(kind)) changes = true;
    if ("SelectStmt" in node && node.SelectStmt.intoClause !== undefined) changes = true;
    walk(node, (inner) => {
      if ("FuncCall" in inner) calls.push(strings(inner.FuncCall.funcname));
    });
  }
  return { changes, calls };
}

/** Every expression of a body, wherever it stands. */
function inProgram(tree: unknown): Contents {
  if (typeof tree !== "object" || tree === null) return nothing;
  const parts = Object.entries(tree).map(([key, value]): Contents => {
    if (key === "PLpgSQL_expr") {
      const expression = expressionOf({ [key]: value as PlNode[string] });
      return expression === undefined ? nothing : inStatements(statementsOf(expression, "", 1));
    }
    const inside = inProgram(value);
    return key === "PLpgSQL_stmt_dynexecute" ? { ...inside, changes: true } : inside;
  });
  return {
    changes: parts.some(({ changes }) => changes),
    calls: parts.flatMap(({ calls }) => calls),
  };
}
