import { relative } from "node:path";
import { qualifiedName } from "../catalog/index.ts";
import type { OrmHome, OrmRelation } from "./orm-model.ts";
import {
  child,
  lineOf,
  nameOf,
  nodes,
  SourceModules,
  walk,
  type SyntaxNode,
} from "./source-modules.ts";

/**
 * Places of tables, columns and constraints in the files that an ORM's models were loaded from, by address (see
 * `Annotations.from`). A model is a class, or a call that is given its name: `new EntitySchema({ name: "Order", … })`,
 * `define("Order", { … })`, `Order.init({ … })`. Members that a base class or an embedded one declares are found there.
 */
export function modelPositions(
  relations: readonly OrmRelation[],
  sources: readonly string[],
  root: string,
): ReadonlyMap<string, string> {
  const models = readModels(sources);
  const places = new Map<string, string>();
  const put = (address: string, found: Found | undefined) => {
    if (found !== undefined)
      places.set(address, `${relative(root, found.file)}:${lineOf(found.node)}`);
  };
  for (const { schema, name, home, columns, constraints } of relations) {
    const qualified = qualifiedName(schema ?? "public", name);
    put(`relation ${qualified}`, home && find(home, models));
    for (const column of columns) {
      const places = column.homes.map((one) => find(one, models));
      put(
        `column ${qualified}.${qualifiedName(column.name)}`,
        places.find((one) => one !== undefined),
      );
    }
    for (const each of constraints) {
      const found = home && literal(each, home.model, models);
      put(`constraint ${qualified}.${qualifiedName(each)}`, found);
      put(`index ${qualifiedName(schema ?? "public", each)}`, found);
    }
  }
  return places;
}

interface Found {
  readonly file: string;
  readonly node: SyntaxNode;
}

interface Model extends Found {
  /** All of it: the class or the call. */
  readonly whole: SyntaxNode;
  readonly members: ReadonlyMap<string, SyntaxNode>;
  /** Names of what it is made from. */
  readonly bases: readonly string[];
  /** False for what only adds members to a model that is declared elsewhere. */
  readonly declares: boolean;
}

type Models = ReadonlyMap<string, readonly Model[]>;

function find({ model, member }: OrmHome, models: Models, depth = 0): Found | undefined {
  const all = models.get(model) ?? [];
  if (member === undefined) return all.find(({ declares }) => declares);
  for (const { file, members } of all) {
    const node = members.get(member);
    if (node !== undefined) return { file, node };
  }
  if (depth > 10) return undefined;
  for (const base of all.flatMap(({ bases }) => bases)) {
    const found = find({ model: base, member }, models, depth + 1);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Where a text stands in a model: the name of a constraint, as its decorator has it. */
function literal(text: string, model: string, models: Models): Found | undefined {
  for (const { file, whole } of models.get(model) ?? [])
    for (const node of walk(whole))
      if (node.type === "StringLiteral" && node["value"] === text) return { file, node };
  return undefined;
}

function readModels(sources: readonly string[]): Models {
  const modules = new SourceModules();
  const models = new Map<string, Model[]>();
  for (const file of sources) {
    const program = modules.program(file);
    if (program === undefined) continue;
    const literals = (node: SyntaxNode | undefined) => objectOf(node, file, modules);
    for (const node of walk(program))
      for (const { name, ...model } of modelsIn(node, literals)) {
        const list = models.get(name) ?? [];
        list.push({ file, ...model });
        models.set(name, list);
      }
  }
  return models;
}

type Named = Omit<Model, "file"> & { readonly name: string };
type ObjectFinder = (node: SyntaxNode | undefined) => SyntaxNode | undefined;

function objectOf(
  node: SyntaxNode | undefined,
  file: string,
  modules: SourceModules,
): SyntaxNode | undefined {
  if (node === undefined || node.type === "ObjectExpression") return node;
  if (node.type === "Identifier") {
    const named = modules.named(file, String(node["name"]));
    return named?.file === file && named.node !== node
      ? objectOf(named.node, file, modules)
      : undefined;
  }
  return objectOf(child(node, "expression"), file, modules);
}

function modelsIn(node: SyntaxNode, literal: ObjectFinder): readonly Named[] {
  switch (node.type) {
    case "ClassDeclaration":
    case "ClassExpression":
      return classNamed(nameOf(child(node, "id")), node);
    case "VariableDeclarator": {
      const made = child(node, "init");
      const isNameless = made?.type === "ClassExpression" && child(made, "id") === undefined;
      return isNameless ? classNamed(nameOf(child(node, "id")), made) : [];
    }
    case "NewExpression":
    case "CallExpression":
      return called(node, literal);
    default:
      return [];
  }
}

function classNamed(name: string | undefined, node: SyntaxNode): readonly Named[] {
  if (name === undefined) return [];
  const body = child(node, "body");
  const members = new Map<string, SyntaxNode>();
  for (const member of nodes(body?.["body"])) {
    const key = child(member, "key");
    const own = nameOf(key);
    if (own !== undefined && member["static"] !== true) members.set(own, key!);
    for (const parameter of nodes(member["params"])) {
      const declared = child(parameter, "parameter");
      const property = nameOf(declared);
      if (property !== undefined) members.set(property, declared!);
    }
  }
  const base = child(node, "superClass");
  const bases =
    base === undefined
      ? []
      : [...walk(base)].filter(({ type }) => type === "Identifier").map((one) => nameOf(one)!);
  return [{ name, node: child(node, "id") ?? node, whole: node, members, bases, declares: true }];
}

/** Members under which a schema object has its columns. */
const listing = new Set(["columns", "relations", "embeddeds", "properties"]);

function called(node: SyntaxNode, literal: ObjectFinder): readonly Named[] {
  const [first, second] = nodes(node["arguments"]);
  const callee = child(node, "callee");
  const method = callee && nameOf(child(callee, "property"));
  const base = { node, whole: node, bases: [], declares: true };
  if (associations.has(method ?? ""))
    return associated(nameOf(child(callee!, "object")), first, second).map((one) => ({
      ...base,
      ...one,
    }));
  // Order.init({ … })
  if (method === "init" && callee !== undefined) {
    const name = nameOf(child(callee, "object"));
    const attributes = literal(first);
    return name === undefined || attributes === undefined
      ? []
      : [{ ...base, name, members: new Map(keysOf(attributes)) }];
  }
  // define("Order", { … })
  if (first?.type === "StringLiteral") {
    const attributes = literal(second);
    return attributes === undefined
      ? []
      : [{ ...base, name: String(first["value"]), members: new Map(keysOf(attributes)) }];
  }
  // new EntitySchema({ name: "Order", columns: { … } })
  const object = first?.type === "ObjectExpression" ? first : undefined;
  const named = object && propertyNamed(object, "name", "class", "tableName");
  if (object === undefined || named === undefined) return [];
  const members = nodes(object["properties"])
    .filter((property) => listing.has(nameOf(child(property, "key")) ?? ""))
    .map((property) => literal(child(property, "value")))
    .flatMap((list) => (list === undefined ? [] : keysOf(list)));
  return [{ ...base, name: named, members: new Map(members) }];
}

const associations = new Set(["belongsTo", "hasOne", "hasMany", "belongsToMany"]);

/** Columns and the table that an association of Sequelize names: `Post.belongsTo(User, { foreignKey: "authorId" })`. */
function associated(
  holder: string | undefined,
  target: SyntaxNode | undefined,
  options: SyntaxNode | undefined,
): readonly Pick<Named, "name" | "members" | "declares">[] {
  if (options?.type !== "ObjectExpression") return [];
  const through = valueOf(options, "through");
  const key = valueOf(options, "foreignKey");
  const named = key?.type === "ObjectExpression" ? valueOf(key, "name", "fieldName") : key;
  const members = new Map<string, SyntaxNode>();
  for (const one of [named, valueOf(options, "otherKey")]) {
    const name = nameOf(one);
    if (name !== undefined) members.set(name, one!);
  }
  const table = through?.type === "StringLiteral" ? nameOf(through) : undefined;
  if (table !== undefined) return [{ name: table, members, declares: true }];
  const other = target && (nameOf(child(target, "property")) ?? nameOf(target));
  return [holder, other].flatMap((name) =>
    name === undefined ? [] : [{ name, members, declares: false }],
  );
}

function valueOf(object: SyntaxNode, ...names: readonly string[]): SyntaxNode | undefined {
  const property = nodes(object["properties"]).find((one) =>
    names.includes(nameOf(child(one, "key")) ?? ""),
  );
  return property && child(property, "value");
}

function propertyNamed(object: SyntaxNode, ...names: readonly string[]): string | undefined {
  for (const name of names)
    for (const property of nodes(object["properties"]))
      if (nameOf(child(property, "key")) === name) {
        const value = nameOf(child(property, "value"));
        if (value !== undefined) return value;
      }
  return undefined;
}

function keysOf(object: SyntaxNode): readonly (readonly [string, SyntaxNode])[] {
  return nodes(object["properties"]).flatMap((property) => {
    const key = child(property, "key");
    const name = nameOf(key);
    return name === undefined ? [] : [[name, key!] as const];
  });
}
