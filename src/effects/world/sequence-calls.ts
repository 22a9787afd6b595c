import type { FuncCall, Node } from "@pgsql/types";
import { rewrite, walk } from "./expressions.ts";
import { findRelation, type Name } from "./lookup.ts";
import type { Relation, World } from "./model.ts";
import { nameInText } from "./name-in-text.ts";
import { constantText, strings } from "./nodes.ts";
import { relationName } from "./store.ts";

const functions: ReadonlySet<string> = new Set(["nextval", "setval", "currval"]);

export function isSequenceFunction(name: string): boolean {
  return functions.has(name);
}

/**
 * The sequences that an expression depends on: constants that were read as `regclass` when it was made. One that is cast
 * to text is looked up with each call, and nothing keeps it from being dropped.
 */
export function sequencesNamed(expression: unknown): readonly Name[] {
  const names: Name[] = [];
  walk(expression, (node) => {
    const text = "FuncCall" in node ? constantIn(node.FuncCall) : undefined;
    const name = text === undefined ? undefined : nameInText(text);
    if (name !== undefined) names.push(name);
  });
  return names;
}

/** The constant of type regclass that a function of sequences is given. */
function constantIn({ funcname, args = [] }: FuncCall): string | undefined {
  if (!isSequenceFunction(strings(funcname).at(-1) ?? "")) return undefined;
  const [argument] = args;
  if (argument === undefined || !("TypeCast" in argument)) return constantText(argument);
  const { arg, typeName } = argument.TypeCast;
  return strings(typeName?.names).at(-1) === "regclass" ? constantText(arg) : undefined;
}

/** The expression with its sequences named by schema, as the server keeps them by their oids. */
export function withSequences<Tree>(
  expression: Tree,
  world: World,
  searchPath: readonly string[],
): Tree {
  return mapSequences(expression, (name) => findRelation(world, name, searchPath));
}

/** The expression after the sequence got another name. */
export function renameSequenceIn<Tree>(
  expression: Tree,
  from: Relation,
  to: Pick<Relation, "schema" | "name">,
): Tree {
  return mapSequences(expression, ({ schema = "public", name }) =>
    schema === from.schema && name === from.name ? to : undefined,
  );
}

function mapSequences<Tree>(
  expression: Tree,
  find: (name: Name) => Pick<Relation, "schema" | "name"> | undefined,
): Tree {
  return rewrite(expression, (node) => {
    const text = "FuncCall" in node ? constantIn(node.FuncCall) : undefined;
    const name = text === undefined ? undefined : nameInText(text);
    const found = name && find(name);
    if (found === undefined || !("FuncCall" in node)) return undefined;
    const [, ...rest] = node.FuncCall.args ?? [];
    return { FuncCall: { ...node.FuncCall, args: [regclass(relationName(found)), ...rest] } };
  });
}

/** `'name'::regclass`. */
export function regclass(name: string): Node {
  return {
    TypeCast: {
      arg: { A_Const: { sval: { sval: name } } },
      typeName: { names: [{ String: { sval: "regclass" } }], typemod: -1 },
    },
  };
}
