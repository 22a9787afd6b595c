import {
  child,
  nameOf,
  nodes,
  type Placed,
  type SourceModules,
  type SyntaxNode,
} from "./source-modules.ts";

/** What a column's TypeScript type tells. */
export interface KyselyColumnType {
  /** What a SELECT gives: `number`, `string`, `boolean`, `Date`, `Buffer`, `object`; `unknown` where it cannot be told. */
  readonly form: string;
  readonly array: boolean;
  /** The only texts that the code knows, in their order; null when it is not an enum. */
  readonly labels: readonly string[] | null;
  readonly nullable: boolean;
  /** Whether an INSERT gives it a value: always, or not where it may be NULL, or not where the database has one (`Generated`), or never. */
  readonly insert: "always" | "maybe" | "default" | "never";
}

/** A member of an interface. */
export interface Member extends Placed {
  readonly key: string;
  /** Undefined for a method or an index signature. */
  readonly type: Placed | undefined;
}

/** Members with the place of the type that declares them. */
export type Members = readonly Member[] & { readonly place?: Placed };

/** Type parameters that are set, by name. */
type Bound = ReadonlyMap<string, Placed>;

const nothingBound: Bound = new Map();
const deepest = 30;

/** The members of an interface or of a type that stands for one; undefined when they cannot be read. */
export function membersOf(placed: Placed, modules: SourceModules, depth = 0): Members | undefined {
  const { file, node } = placed;
  if (depth > deepest) return undefined;
  switch (node.type) {
    case "TSInterfaceDeclaration": {
      const heritage = nodes(node["extends"]).map((one) => {
        const name = nameOf(child(one, "expression"));
        const base = name === undefined ? undefined : modules.named(file, name, "types");
        return base && membersOf(base, modules, depth + 1);
      });
      const body = child(node, "body");
      if (heritage.includes(undefined) || body === undefined) return undefined;
      return at(placed, [
        ...heritage.flatMap((one) => one ?? []),
        ...ownMembers(file, body["body"]),
      ]);
    }
    case "TSTypeLiteral":
      return at(placed, ownMembers(file, node["members"]));
    case "TSTypeAliasDeclaration":
    case "TSParenthesizedType": {
      const inner = child(node, "typeAnnotation");
      const found = inner && membersOf({ file, node: inner }, modules, depth + 1);
      return found && at(placed, found);
    }
    case "TSIntersectionType": {
      const parts = nodes(node["types"]).map((one) =>
        membersOf({ file, node: one }, modules, depth + 1),
      );
      return parts.includes(undefined)
        ? undefined
        : at(
            placed,
            parts.flatMap((one) => one ?? []),
          );
    }
    case "TSTypeReference": {
      const name = nameOf(child(node, "typeName"));
      const found = name === undefined ? undefined : modules.named(file, name, "types");
      return found && membersOf(found, modules, depth + 1);
    }
    default:
      return undefined;
  }
}

function at(place: Placed, members: readonly Member[]): Members {
  return Object.assign([...members], { place });
}

function ownMembers(file: string, list: unknown): readonly Member[] {
  return nodes(list).flatMap((node): readonly Member[] => {
    const key = node.type === "TSPropertySignature" ? nameOf(child(node, "key")) : undefined;
    if (key === undefined) return [];
    const annotation = child(node, "typeAnnotation");
    const type = annotation && child(annotation, "typeAnnotation");
    return [{ file, node, key, type: type && { file, node: type } }];
  });
}

/** What the type of a table's member tells of the column. */
export function kyselyColumn({ type, node }: Member, modules: SourceModules): KyselyColumnType {
  const told =
    type === undefined ? unknownType : tell(type, { modules, bound: nothingBound, depth: 0 });
  const mayLeave = told.nullable || node["optional"] === true;
  return { ...told, insert: told.insert === "always" && mayLeave ? "maybe" : told.insert };
}

interface Around {
  readonly modules: SourceModules;
  readonly bound: Bound;
  readonly depth: number;
}

const unknownType: KyselyColumnType = {
  form: "unknown",
  array: false,
  labels: null,
  nullable: false,
  insert: "always",
};

const plain = (form: string): KyselyColumnType => ({ ...unknownType, form });

const keywords: Readonly<Record<string, KyselyColumnType>> = {
  TSNumberKeyword: plain("number"),
  TSStringKeyword: plain("string"),
  TSBooleanKeyword: plain("boolean"),
  TSObjectKeyword: plain("object"),
  TSTypeLiteral: plain("object"),
  TSMappedType: plain("object"),
  TSNullKeyword: { ...plain("null"), nullable: true },
  TSUndefinedKeyword: { ...plain("null"), insert: "maybe" },
  TSNeverKeyword: { ...plain("null"), insert: "never" },
};

/** Types whose declaration is not in the project's own sources, or is written in a way that is not read. */
const known: Readonly<Record<string, string>> = {
  Date: "Date",
  Buffer: "Buffer",
  Uint8Array: "Buffer",
  Record: "object",
  IPostgresInterval: "object",
  PostgresInterval: "object",
  JsonValue: "object",
  JsonObject: "object",
  JsonArray: "object",
  InputJsonValue: "object",
};

function tell({ file, node }: Placed, around: Around): KyselyColumnType {
  if (around.depth > deepest) return unknownType;
  const deeper = { ...around, depth: around.depth + 1 };
  const inner = (one: SyntaxNode | undefined) =>
    one === undefined ? unknownType : tell({ file, node: one }, deeper);
  const keyword = keywords[node.type];
  if (keyword !== undefined) return keyword;
  switch (node.type) {
    case "TSParenthesizedType":
    case "TSTypeAliasDeclaration":
      return inner(child(node, "typeAnnotation"));
    case "TSTypeOperator":
      return node["operator"] === "readonly" ? inner(child(node, "typeAnnotation")) : unknownType;
    case "TSArrayType":
      return listOf(inner(child(node, "elementType")));
    case "TSLiteralType":
      return literal(child(node, "literal"));
    case "TSUnionType":
      return union(nodes(node["types"]).map(inner));
    case "TSIntersectionType":
      // A branded type: `number & { __brand: "UserId" }`.
      return (
        nodes(node["types"])
          .map(inner)
          .find(({ form }) => form !== "unknown" && form !== "object") ?? unknownType
      );
    case "TSInterfaceDeclaration":
      return plain("object");
    case "TSEnumDeclaration":
      return enumOf(node);
    case "TSIndexedAccessType":
      return valuesOf({ file, node }, around.modules);
    case "TSTypeReference":
      return reference({ file, node }, deeper);
    default:
      return unknownType;
  }
}

function reference({ file, node }: Placed, around: Around): KyselyColumnType {
  const name = nameOf(child(node, "typeName"));
  const given = child(node, "typeParameters") ?? child(node, "typeArguments");
  const parameters = nodes(given?.["params"]).map((one): Placed => ({ file, node: one }));
  const told = (index: number) => {
    const one = parameters[index];
    return one && tell(one, around);
  };
  const first = told(0) ?? unknownType;
  const bound = name === undefined ? undefined : around.bound.get(name);
  if (bound !== undefined) return tell(bound, { ...around, bound: nothingBound });
  switch (name) {
    case undefined:
      return unknownType;
    case "Generated":
      return { ...first, insert: first.insert === "never" ? "never" : "default" };
    case "GeneratedAlways":
      return { ...first, insert: "never" };
    case "ColumnType": {
      const insert = told(1);
      return { ...first, insert: insert === undefined ? first.insert : insertOf(insert) };
    }
    case "JSONColumnType":
      return { ...plain("object"), nullable: first.nullable };
    case "Array":
    case "ReadonlyArray":
    case "ArrayType":
      return listOf(first);
  }
  const declared = around.modules.named(file, name, "types");
  const form = known[name];
  if (form !== undefined && (declared === undefined || form === "object")) return plain(form);
  if (declared === undefined) return unknownType;
  const names = nodes(child(declared.node, "typeParameters")?.["params"]).map(parameterName);
  const now = new Map(
    names.flatMap((one, index) => {
      const value = parameters[index];
      return one === undefined || value === undefined ? [] : [[one, value] as const];
    }),
  );
  return tell(declared, { ...around, bound: now });
}

/** A type parameter's name is a plain text in this version of the syntax tree, and a node in the next. */
function parameterName(parameter: SyntaxNode): string | undefined {
  const { name } = parameter;
  return typeof name === "string" ? name : nameOf(name as SyntaxNode | undefined);
}

/** Of the second parameter of ColumnType: `string | undefined` is left to the database. */
function insertOf({ insert, nullable }: KyselyColumnType): KyselyColumnType["insert"] {
  if (insert !== "maybe") return insert;
  return nullable ? "maybe" : "default";
}

function listOf(element: KyselyColumnType): KyselyColumnType {
  // A list of lists is a list to Postgres.
  return { ...element, nullable: false, array: true };
}

const literals: Readonly<Record<string, string>> = {
  StringLiteral: "string",
  NumericLiteral: "number",
  UnaryExpression: "number",
  BooleanLiteral: "boolean",
};

function literal(node: SyntaxNode | undefined): KyselyColumnType {
  const form = literals[node?.type ?? ""];
  if (form === undefined) return unknownType;
  return { ...plain(form), labels: form === "string" ? [String(node!["value"])] : null };
}

function union(parts: readonly KyselyColumnType[]): KyselyColumnType {
  const nullable = parts.some((one) => one.nullable);
  const maybe = parts.some(({ insert }) => insert === "maybe");
  const values = parts.filter(({ form }) => form !== "null");
  const [first] = values;
  const base = { nullable, insert: maybe ? ("maybe" as const) : ("always" as const) };
  const isOne =
    first !== undefined &&
    values.every(({ form, array }) => form === first.form && array === first.array);
  if (!isOne) return { ...unknownType, ...base };
  const labels = values.every((one) => one.labels !== null)
    ? [...new Set(values.flatMap((one) => one.labels ?? []))]
    : null;
  return { form: first.form, array: first.array, labels, ...base };
}

function enumOf(node: SyntaxNode): KyselyColumnType {
  const body = child(node, "body");
  const members = nodes(node["members"] ?? body?.["members"]);
  const values = members.map((one) => child(one, "initializer"));
  if (values.length === 0 || values.some((one) => one?.type !== "StringLiteral"))
    return plain("number");
  return { ...plain("string"), labels: values.map((one) => String(one!["value"])) };
}

/** prisma-kysely: `export type Status = (typeof Status)[keyof typeof Status]`, beside a constant of that name. */
function valuesOf({ file, node }: Placed, modules: SourceModules): KyselyColumnType {
  let of = child(node, "objectType");
  while (of?.type === "TSParenthesizedType") of = child(of, "typeAnnotation");
  const name = of?.type === "TSTypeQuery" ? nameOf(child(of, "exprName")) : undefined;
  let value = name === undefined ? undefined : modules.named(file, name)?.node;
  while (value !== undefined && value.type.startsWith("TS")) value = child(value, "expression");
  const list =
    value?.type === "ArrayExpression"
      ? nodes(value["elements"])
      : nodes(value?.["properties"]).flatMap((one) => child(one, "value") ?? []);
  if (list.length === 0 || list.some(({ type }) => type !== "StringLiteral")) return unknownType;
  return { ...plain("string"), labels: list.map((one) => String(one["value"])) };
}
