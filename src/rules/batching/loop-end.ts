import type { Node } from "@pgsql/types";
import { calledFunctions, nodesOf } from "../tree-search.ts";
import { partsOf } from "../subject.ts";

/** A PL/pgSQL tree (pl_gram.y), as libpg_query prints it. */
export type Tree = Readonly<Record<string, unknown>>;

/** How a loop comes to its end. */
export interface LoopEnd {
  /**
   * True when it ends in no other way than that a statement in it found no row, or too few: FOUND, or what GET
   * DIAGNOSTICS gives as ROW_COUNT, compared with what the loop does not change. Also when it has no way out at all.
   */
  readonly whenNoRow: boolean;
  /** Variables that get another value from turn to turn, but for counts of rows. */
  readonly assigned: ReadonlySet<string>;
  /** True when it runs what its text does not show: EXECUTE, CALL, or functions but for those that only wait. */
  readonly isOpaque: boolean;
}

/** Gives the tree of a statement's text; undefined when it is none. */
export type Parse = (sql: string) => Node | undefined;

/** The conditions that all hold when a way out is taken; undefined for one that is not read. */
type Conditions = readonly (string | undefined)[];

/**
 * @param kind of the loop, e.g. `PLpgSQL_stmt_while`
 * @param variables their names by number (`varno`, `dno`)
 */
export function loopEnd(
  kind: string,
  loop: Tree,
  variables: readonly string[],
  parse: Parse,
): LoopEnd {
  const reader = new LoopReader(variables, parse);
  if (kind === "PLpgSQL_stmt_while") reader.waysOut.push([queryOf(loop["cond"])]);
  reader.read(loop["body"], [], false);
  const { assigned, counts, waysOut, isOpaque } = reader;
  const isCount = (name: string) => (name === "found" || counts.has(name)) && !assigned.has(name);
  const hangsOnRows = (conditions: Conditions) => {
    const trees = conditions.map((one) => (one === undefined ? one : parse(`SELECT ${one}`)));
    const names = trees.flatMap((tree) => [...namesIn(tree)]);
    return (
      trees.every((tree) => tree !== undefined) &&
      names.some(isCount) &&
      names.every((name) => isCount(name) || !assigned.has(name))
    );
  };
  const isRepeated = kind === "PLpgSQL_stmt_loop" || kind === "PLpgSQL_stmt_while";
  return { whenNoRow: isRepeated && waysOut.every(hangsOnRows), assigned, isOpaque };
}

/** Level of RAISE EXCEPTION (elog.h). */
const errorLevel = 21;

/** Reads one loop's body, statement by statement. */
class LoopReader {
  readonly waysOut: Conditions[] = [];
  readonly assigned = new Set<string>();
  readonly counts = new Set<string>();
  isOpaque = false;
  readonly #variables: readonly string[];
  readonly #parse: Parse;

  constructor(variables: readonly string[], parse: Parse) {
    this.#variables = variables;
    this.#parse = parse;
  }

  /** @param isNested true inside a loop of the loop, which an EXIT without a label leaves */
  read(value: unknown, conditions: Conditions, isNested: boolean): void {
    if (Array.isArray(value)) {
      for (const item of value) this.read(item, conditions, isNested);
    } else if (value !== null && typeof value === "object")
      for (const [kind, inner] of Object.entries(value as Tree))
        this.#readOne(kind, inner, conditions, isNested);
  }

  #readOne(kind: string, value: unknown, conditions: Conditions, isNested: boolean): void {
    const inner = (typeof value === "object" ? value : {}) as Tree;
    this.#note(kind, inner);
    if (kind === "PLpgSQL_stmt_exit") {
      const leaves = inner["is_exit"] === true && (!isNested || inner["label"] !== undefined);
      const own = "cond" in inner ? [...conditions, queryOf(inner["cond"])] : conditions;
      if (leaves) this.waysOut.push(own);
    } else if (kind === "PLpgSQL_stmt_return") this.waysOut.push(conditions);
    else if (kind === "PLpgSQL_stmt_raise") {
      if (Number(inner["elog_level"]) >= errorLevel) this.waysOut.push(conditions);
    } else if (kind === "PLpgSQL_stmt_if" || kind === "PLpgSQL_if_elsif") {
      const within = [...conditions, queryOf(inner["cond"])];
      this.read(inner["then_body"] ?? inner["stmts"], within, isNested);
      this.read([inner["elsif_list"], inner["else_body"]], within, isNested);
    } else if (kind === "PLpgSQL_stmt_case") this.read(value, [...conditions, undefined], isNested);
    else this.read(value, conditions, isNested || loops.has(kind));
  }

  /** What a statement changes, and whether it shows all that it does. */
  #note(kind: string, inner: Tree): void {
    const variable = (number: unknown) => this.#variables[Number(number)] ?? "";
    if (kind === "PLpgSQL_stmt_assign") this.assigned.add(variable(inner["varno"]));
    if (kind === "PLpgSQL_diag_item") {
      const set = inner["kind"] === "ROW_COUNT" ? this.counts : this.assigned;
      set.add(variable(inner["target"]));
    }
    if (kind === "PLpgSQL_stmt_execsql" || loops.has(kind)) {
      for (const name of targets(inner["target"] ?? inner["var"])) this.assigned.add(name);
      if (kind === "PLpgSQL_stmt_foreach_a") this.assigned.add(variable(inner["varno"]));
    }
    if (kind === "PLpgSQL_stmt_dynexecute" || kind === "PLpgSQL_stmt_call") this.isOpaque = true;
    if (kind === "PLpgSQL_stmt_perform") {
      const query = queryOf(inner["expr"]);
      const called = calledFunctions(query === undefined ? undefined : this.#parse(query));
      this.isOpaque ||= called.some((name) => !waits.has(name));
    }
  }
}

/** Every kind of loop. */
export const loops: ReadonlySet<string> = new Set([
  "PLpgSQL_stmt_loop",
  "PLpgSQL_stmt_while",
  "PLpgSQL_stmt_fori",
  "PLpgSQL_stmt_fors",
  "PLpgSQL_stmt_forc",
  "PLpgSQL_stmt_foreach_a",
  "PLpgSQL_stmt_dynfors",
]);

const waits: ReadonlySet<string> = new Set(["pg_sleep", "pg_sleep_for", "pg_sleep_until"]);

function queryOf(expression: unknown): string | undefined {
  const query = (expression as Record<string, Tree> | undefined)?.["PLpgSQL_expr"]?.["query"];
  return typeof query === "string" ? query : undefined;
}

/** Names of the variables that INTO or a loop fills. */
function targets(target: unknown): readonly string[] {
  return Object.values((target ?? {}) as Record<string, Tree>).flatMap(({ fields, refname }) =>
    fields === undefined
      ? [String(refname)]
      : (fields as readonly { readonly name: string }[]).map(({ name }) => name),
  );
}

/** Every part of every name: a record's field changes with the record. */
export function namesIn(tree: unknown): ReadonlySet<string> {
  const names = nodesOf(tree, "ColumnRef").flatMap(({ fields = [] }) => fields.flatMap(partsOf));
  return new Set(names);
}
