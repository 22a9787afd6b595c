import { join, relative } from "node:path";
import { createJiti } from "jiti";
import { qualifiedName } from "../catalog/index.ts";
import { pathAliases } from "./path-aliases.ts";
import type { DrizzleAnswer, DrizzleRelation, DrizzleType } from "./drizzle-child.ts";
import {
  child,
  lineOf,
  nameOf,
  nodes,
  SourceModules,
  walk,
  type Placed,
  type SyntaxNode,
} from "./source-modules.ts";

/**
 * Places of tables, columns, constraints, indexes, enums and labels in Drizzle schema sources, by address
 * (see `Annotations.from`). Found by reading the sources: spreads, helper functions, re-exports and several
 * files are followed; what cannot be followed has no entry of its own.
 */
export function drizzlePositions(
  { relations, enums }: DrizzleAnswer,
  root: string,
): ReadonlyMap<string, string> {
  const packages = createJiti(join(root, "lockstep-schema.js"), pathAliases(root));
  const modules = new SourceModules(packages);
  const places = new Map<string, string>();
  const put = (address: string, { file, node }: Placed) =>
    places.set(address, `${relative(root, file)}:${lineOf(node)}`);
  for (const relation of relations) placeRelation(relation, modules, put);
  for (const type of enums) placeEnum(type, modules, put);
  return places;
}

type Put = (address: string, place: Placed) => void;

function placeRelation(relation: DrizzleRelation, modules: SourceModules, put: Put): void {
  const name = qualifiedName(relation.schema ?? "public", relation.name);
  const call = declaringCall(relation, modules);
  if (call === undefined) return;
  put(`relation ${name}`, call);
  const [, columns, extras] = argumentsOf(call.node);
  if (columns !== undefined) {
    const places = properties({ file: call.file, node: columns }, modules);
    for (const column of relation.columns) {
      const place = places.get(column.key);
      if (place !== undefined) put(`column ${name}.${qualifiedName(column.name)}`, place);
    }
  }
  if (extras === undefined) return;
  for (const node of walk(extras))
    if (node.type === "StringLiteral") {
      const named = qualifiedName(String(node["value"]));
      put(`constraint ${name}.${named}`, { file: call.file, node });
      put(`index ${qualifiedName(relation.schema ?? "public")}.${named}`, {
        file: call.file,
        node,
      });
    }
}

function placeEnum(type: DrizzleType, modules: SourceModules, put: Put): void {
  const name = qualifiedName(type.schema ?? "public", type.name);
  const call = declaringCall(type, modules);
  if (call === undefined) return;
  put(`type ${name}`, call);
  const labels = argumentsOf(call.node)[1];
  const list = labels && resolved({ file: call.file, node: labels }, modules);
  if (list === undefined) return;
  for (const node of walk(list.node))
    if (node.type === "StringLiteral")
      put(`label ${name}.${qualifiedName(String(node["value"]))}`, { file: list.file, node });
}

/** The call that makes the exported thing: `pgTable("orders", …)`, `shop.table("orders", …)`. */
function declaringCall(
  { exportName, file, name }: Pick<DrizzleRelation, "exportName" | "file" | "name">,
  modules: SourceModules,
): Placed | undefined {
  const declared = modules.exported(file, exportName);
  const inner = declared && innermostCall(declared.node);
  if (declared !== undefined && inner !== undefined) return { file: declared.file, node: inner };
  const program = modules.program(file);
  if (program === undefined) return undefined;
  for (const node of walk(program))
    if (node.type === "CallExpression" && nameOf(argumentsOf(node)[0]) === name)
      return { file, node };
  return declared;
}

/** `pgTable(…).enableRLS()`: the call with the name in front of the chain. */
function innermostCall(node: SyntaxNode): SyntaxNode | undefined {
  let found: SyntaxNode | undefined;
  for (let at: SyntaxNode | undefined = node; at?.type === "CallExpression";) {
    if (nameOf(argumentsOf(at)[0]) !== undefined) found = at;
    const callee = child(at, "callee");
    at = callee?.type === "MemberExpression" ? child(callee, "object") : undefined;
  }
  return found;
}

function argumentsOf(node: SyntaxNode): readonly SyntaxNode[] {
  return nodes(node["arguments"]);
}

/** Property keys of an object with the place of each, spreads included. */
function properties(from: Placed, modules: SourceModules, depth = 0): ReadonlyMap<string, Placed> {
  const places = new Map<string, Placed>();
  const object = resolved(from, modules);
  if (object?.node.type !== "ObjectExpression" || depth > 10) return places;
  for (const node of nodes(object.node["properties"])) {
    const spread = node.type === "SpreadElement" ? child(node, "argument") : undefined;
    if (spread === undefined) {
      const key = nameOf(child(node, "key"));
      if (key !== undefined) places.set(key, { file: object.file, node });
      continue;
    }
    const spreadFrom = { file: object.file, node: spread };
    for (const [key, place] of properties(spreadFrom, modules, depth + 1)) places.set(key, place);
  }
  return places;
}

/** The literal behind names, `as const`, helper functions and `(t) => ({ … })`. */
function resolved(from: Placed, modules: SourceModules): Placed | undefined {
  let at: Placed | undefined = from;
  for (let step = 0; at !== undefined && step < 20; step++) {
    const { file, node }: Placed = at;
    const next = behind(file, node, modules);
    if (next === "itself") return at;
    at = next;
  }
  return undefined;
}

function behind(
  file: string,
  node: SyntaxNode,
  modules: SourceModules,
): Placed | "itself" | undefined {
  switch (node.type) {
    case "ObjectExpression":
    case "ArrayExpression":
      return "itself";
    case "Identifier":
      return modules.named(file, String(node["name"]));
    case "MemberExpression": {
      const object = child(node, "object");
      const key = nameOf(child(node, "property"));
      if (object === undefined || key === undefined) return undefined;
      const place = properties({ file, node: object }, modules).get(key);
      const value = place && child(place.node, "value");
      return place && value && { file: place.file, node: value };
    }
    case "CallExpression":
      return inside(file, child(node, "callee"));
    case "ArrowFunctionExpression":
    case "FunctionExpression":
    case "FunctionDeclaration":
      return inside(file, returned(node));
    default:
      return inside(file, child(node, "expression"));
  }
}

function inside(file: string, node: SyntaxNode | undefined): Placed | undefined {
  return node && { file, node };
}

/** What a function gives back: its expression body, or that of its last `return`. */
function returned(node: SyntaxNode): SyntaxNode | undefined {
  const body = child(node, "body");
  if (body?.type !== "BlockStatement") return body;
  return nodes(body["body"]).findLast(({ type }) => type === "ReturnStatement")?.["argument"] as
    | SyntaxNode
    | undefined;
}
