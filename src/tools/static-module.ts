import { parse } from "@babel/parser";

/** The parts of Babel's tree that are looked at. */
export interface Tree {
  readonly type: string;
  readonly [property: string]: unknown;
}

/** What a configuration file exports, read without running it. */
export interface StaticModule {
  /** `export default …` or `module.exports = …`, without `defineConfig(…)`, `as` and `satisfies`. */
  readonly exported: Tree | undefined;
  /** The value behind a name of a constant, and behind `as`, `satisfies` and brackets. */
  readonly unwrap: (node: Tree | undefined) => Tree | undefined;
}

/** Undefined for a text that cannot be parsed. */
export function readStaticModule(text: string): StaticModule | undefined {
  let program: Tree;
  try {
    program = parse(text, { sourceType: "unambiguous", plugins: ["typescript"] })
      .program as unknown as Tree;
  } catch {
    return undefined;
  }
  const body = program["body"] as readonly Tree[];
  return { exported: unwrap(exported(body), body), unwrap: (node) => unwrap(node, body) };
}

function exported(body: readonly Tree[]): Tree | undefined {
  for (const statement of body) {
    if (statement.type === "ExportDefaultDeclaration") return statement["declaration"] as Tree;
    const assignment = statement["expression"] as Tree | undefined;
    const target = assignment?.["left"] as Tree | undefined;
    if (
      assignment?.type === "AssignmentExpression" &&
      target?.type === "MemberExpression" &&
      (target["object"] as Tree)["name"] === "module" &&
      (target["property"] as Tree)["name"] === "exports"
    )
      return assignment["right"] as Tree;
  }
  return undefined;
}

/** Takes off `defineConfig(…)`, `as Config`, `satisfies Config` and one constant's name. */
function unwrap(node: Tree | undefined, body: readonly Tree[]): Tree | undefined {
  if (node === undefined) return undefined;
  switch (node.type) {
    case "TSAsExpression":
    case "TSSatisfiesExpression":
    case "ParenthesizedExpression":
      return unwrap(node["expression"] as Tree, body);
    case "CallExpression":
      return (node["callee"] as Tree)["name"] === "defineConfig"
        ? unwrap((node["arguments"] as readonly Tree[])[0], body)
        : undefined;
    case "Identifier":
      return unwrap(constant(node["name"] as string, body), body);
    default:
      return node;
  }
}

function constant(name: string, body: readonly Tree[]): Tree | undefined {
  for (const statement of body) {
    if (statement.type !== "VariableDeclaration" || statement["kind"] !== "const") continue;
    for (const declarator of statement["declarations"] as readonly Tree[])
      if ((declarator["id"] as Tree)["name"] === name)
        return declarator["init"] as Tree | undefined;
  }
  return undefined;
}

/** The name of a property that is written out. */
export function nameOf(property: Tree): string | undefined {
  if (property.type !== "ObjectProperty" || property["computed"] === true) return undefined;
  const key = property["key"] as Tree;
  return (key["name"] ?? key["value"]) as string | undefined;
}

/** Stands for what is known only by running the file. */
export const computed = Symbol("computed");

/** A value that is written out, else `computed`. */
export function literal(node: Tree): unknown {
  switch (node.type) {
    case "StringLiteral":
    case "NumericLiteral":
    case "BooleanLiteral":
      return node["value"];
    case "TemplateLiteral": {
      const [only, ...more] = node["quasis"] as readonly { value: { cooked: string } }[];
      return more.length === 0 ? only!.value.cooked : computed;
    }
    case "ArrayExpression": {
      const items = (node["elements"] as readonly (Tree | null)[]).map((each) =>
        each === null ? computed : literal(each),
      );
      return items.includes(computed) ? computed : items;
    }
    case "ObjectExpression": {
      const values: Record<string, unknown> = {};
      for (const property of node["properties"] as readonly Tree[]) {
        const name = nameOf(property);
        const value = name === undefined ? computed : literal(property["value"] as Tree);
        if (value === computed) return computed;
        values[name!] = value;
      }
      return values;
    }
    default:
      return computed;
  }
}
