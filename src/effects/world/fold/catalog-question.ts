import type { Node, SelectStmt } from "@pgsql/types";
import type { Relation, World } from "../model.ts";
import { constantText, strings } from "../nodes.ts";

/** What a query over system catalogs asks: values by column, such as `typname` = `mood`. */
type Question = ReadonlyMap<string, string>;

/**
 * The answer to EXISTS or NOT EXISTS over one system catalog when the world can tell: a test by name of a type, table,
 * column, constraint or index, as migrations write it. Undefined for everything else.
 */
export function answerOf(node: Node | undefined, world: World): boolean | undefined {
  if (node === undefined) return undefined;
  if ("BoolExpr" in node && node.BoolExpr.boolop === "NOT_EXPR") {
    const answer = answerOf(node.BoolExpr.args?.[0], world);
    return answer === undefined ? undefined : !answer;
  }
  if (!("SubLink" in node) || node.SubLink.subLinkType !== "EXISTS_SUBLINK") return undefined;
  const query = node.SubLink.subselect;
  return query !== undefined && "SelectStmt" in query ? ask(query.SelectStmt, world) : undefined;
}

function ask(select: SelectStmt, world: World): boolean | undefined {
  const [table, ...others] = select.fromClause ?? [];
  if (table === undefined || others.length > 0 || !("RangeVar" in table)) return undefined;
  const question = new Map<string, string>();
  if (!readConditions(select.whereClause, question) || question.size === 0) return undefined;
  const answer = answers[table.RangeVar.relname ?? ""];
  return answer?.(question, world);
}

/** Equalities joined by AND; false when there is anything else. */
function readConditions(node: Node | undefined, into: Map<string, string>): boolean {
  if (node === undefined) return false;
  if ("BoolExpr" in node)
    return (
      node.BoolExpr.boolop === "AND_EXPR" &&
      (node.BoolExpr.args ?? []).every((part) => readConditions(part, into))
    );
  if (!("A_Expr" in node)) return false;
  const { kind, name, lexpr, rexpr } = node.A_Expr;
  if (kind !== "AEXPR_OP" || strings(name).at(-1) !== "=") return false;
  const column = lexpr !== undefined && "ColumnRef" in lexpr ? strings(lexpr.ColumnRef.fields) : [];
  const value = constantText(rexpr);
  if (column.length === 0 || value === undefined) return false;
  into.set(column.at(-1)!, value);
  return true;
}

type Answer = (question: Question, world: World) => boolean | undefined;

/** By catalog. A column of it that is not known here makes the question one that nobody answers. */
const answers: Readonly<Record<string, Answer>> = {
  pg_type: (question, world) =>
    only(question, ["typname"], () =>
      [...world.types.values()].some(({ name }) => name === question.get("typname")),
    ),
  pg_class: (question, world) =>
    only(question, ["relname"], () => relations(world, question, "relname").length > 0),
  pg_constraint: (question, world) =>
    only(question, ["conname"], () => constrained(world, question, "conname").length > 0),
  pg_indexes: (question, world) =>
    only(question, ["schemaname", "tablename", "indexname"], () =>
      relations(world, question, "indexname", "schemaname").some(
        ({ index }) => index !== undefined,
      ),
    ),
  tables: (question, world) =>
    only(question, ["table_schema", "table_name"], () =>
      relations(world, question, "table_name", "table_schema").some(isListed),
    ),
  columns: (question, world) =>
    only(question, ["table_schema", "table_name", "column_name"], () =>
      relations(world, question, "table_name", "table_schema").some(({ columns }) =>
        columns.some(({ name }) => name === (question.get("column_name") ?? name)),
      ),
    ),
  table_constraints: (question, world) =>
    only(question, ["constraint_name", "table_name", "table_schema"], () =>
      constrained(world, question, "constraint_name").some(
        ({ name, schema }) =>
          name === (question.get("table_name") ?? name) &&
          schema === (question.get("table_schema") ?? schema),
      ),
    ),
};

function only(
  question: Question,
  columns: readonly string[],
  answer: () => boolean,
): boolean | undefined {
  return [...question.keys()].every((column) => columns.includes(column)) ? answer() : undefined;
}

function relations(
  world: World,
  question: Question,
  nameColumn: string,
  schemaColumn?: string,
): readonly Relation[] {
  const schema = schemaColumn === undefined ? undefined : question.get(schemaColumn);
  const wanted = question.get(nameColumn);
  return [...world.relations.values()].filter(
    (relation) =>
      relation.name === (wanted ?? relation.name) &&
      relation.schema === (schema ?? relation.schema),
  );
}

function isListed({ kind }: Relation): boolean {
  return (
    kind === "table" || kind === "partitioned table" || kind === "view" || kind === "foreign table"
  );
}

function constrained(world: World, question: Question, column: string): readonly Relation[] {
  const wanted = question.get(column);
  return [...world.relations.values()].filter(({ constraints }) =>
    constraints.some(({ name }) => name === (wanted ?? name)),
  );
}
