import type { ColumnDef, Constraint, Node } from "@pgsql/types";
import { relationName, putRelation } from "../store.ts";
import type { Relation, World, WorldColumn } from "../model.ts";
import { strings } from "../nodes.ts";
import { regclass } from "../sequence-calls.ts";
import { keptDefault } from "./default.ts";
import { builtinType, resolveType, serialTypes } from "../type-use.ts";
import { all, emptyRelation, type FoldContext } from "./context.ts";
import { chooseRelationName } from "./object-names.ts";

/** What one column definition says, its constraints in the form of table constraints. */
export interface DefinedColumn {
  readonly column: Omit<WorldColumn, "number">;
  /** Undefined when nothing says NOT NULL; its constraint's name otherwise, which may be left to Postgres. */
  readonly notNull: { readonly name: string | undefined; readonly noInherit: boolean } | undefined;
  readonly constraints: readonly Constraint[];
}

/** Reads a column definition and creates the sequence of a serial or identity column. */
export function defineColumn(
  context: FoldContext,
  definition: ColumnDef,
  table: Relation,
): DefinedColumn {
  const { world, searchPath } = context;
  const name = definition.colname ?? "";
  const written = strings(definition.typeName?.names);
  const serial = written.length === 1 ? serialTypes[written[0]!] : undefined;
  const constraints = withAttributes(all(definition.constraints, "Constraint"));
  const byType = (type: string) => constraints.find(({ contype }) => contype === type);
  const identity = byType("CONSTR_IDENTITY");
  const generated = byType("CONSTR_GENERATED");
  const type =
    definition.typeName === undefined
      ? builtinType("text")
      : resolveType(definition.typeName, world, searchPath);
  const declared = byType("CONSTR_DEFAULT")?.raw_expr;
  let expression = keptDefault(declared, type, context);
  if (serial !== undefined) {
    const sequence = ownedSequence(context, table, name, serial);
    expression = nextval(relationName(sequence));
  }
  if (identity !== undefined)
    ownedSequence(context, table, name, type.name, namedSequence(identity.options));
  const notNull = byType("CONSTR_NOTNULL");
  const implied = serial !== undefined || identity !== undefined;
  return {
    column: {
      name,
      type,
      collation: strings(definition.collClause?.collname).at(-1),
      notNull: false,
      default: expression,
      identity:
        identity === undefined ? undefined : identity.generated_when === "a" ? "always" : "default",
      generated:
        generated?.raw_expr === undefined
          ? undefined
          : {
              kind: generated.generated_kind === "v" ? "virtual" : "stored",
              expression: generated.raw_expr,
            },
      inherited: false,
      local: true,
      grants: [],
      typeKnown: type.schema !== undefined,
    },
    notNull:
      notNull === undefined && !implied
        ? undefined
        : { name: notNull?.conname, noInherit: notNull?.is_no_inherit ?? false },
    constraints: asTableConstraints(constraints, name),
  };
}

/** Since 15 a sequence is unlogged with its table. */
function persistenceOf({ major }: World, { persistence }: Relation): Relation["persistence"] {
  return persistence === "unlogged" && major < 15 ? "permanent" : persistence;
}

/** A sequence owned by a column, `table_column_seq` unless named (parse_utilcmd.c, generateSerialExtraStmts). */
export function ownedSequence(
  { world }: FoldContext,
  table: Relation,
  column: string,
  type: string,
  named?: readonly string[],
): Relation {
  const schema = named !== undefined && named.length > 1 ? named.at(-2)! : table.schema;
  const name =
    named?.at(-1) ?? chooseRelationName(world, table.schema, table.name, column, "seq", false);
  const sequence: Relation = {
    ...emptyRelation(world, "sequence", schema, name, persistenceOf(world, table)),
    ownedBy: { table: table.id, column },
    owner: table.owner,
    sequenceType: type === "int2" ? "smallint" : type === "int4" ? "integer" : "bigint",
  };
  putRelation(world, sequence);
  return sequence;
}

/** `SEQUENCE NAME …` among the options of an identity column. */
export function namedSequence(options: readonly Node[] | undefined): string[] | undefined {
  const option = all(options, "DefElem").find(({ defname }) => defname === "sequence_name");
  if (option?.arg === undefined || !("List" in option.arg)) return undefined;
  return strings(option.arg.List.items);
}

/** `nextval('name'::regclass)`. */
export function nextval(sequence: string): Node {
  return {
    FuncCall: {
      funcname: [{ String: { sval: "pg_catalog" } }, { String: { sval: "nextval" } }],
      args: [regclass(sequence)],
      funcformat: "COERCE_EXPLICIT_CALL",
    },
  };
}

/** DEFERRABLE, NOT ENFORCED and the like belong to the constraint before them (transformConstraintAttrs). */
function withAttributes(list: readonly Constraint[]): readonly Constraint[] {
  if (list.length === 0) return list;
  const result: Constraint[] = [];
  for (const constraint of list) {
    const fields = attributes[constraint.contype ?? ""];
    const last = result.at(-1);
    if (fields === undefined) result.push(constraint);
    else if (last !== undefined) result[result.length - 1] = { ...last, ...fields };
  }
  return result;
}

const attributes: Readonly<Record<string, Partial<Constraint>>> = {
  CONSTR_ATTR_DEFERRABLE: { deferrable: true },
  CONSTR_ATTR_NOT_DEFERRABLE: { deferrable: false },
  CONSTR_ATTR_DEFERRED: { deferrable: true, initdeferred: true },
  CONSTR_ATTR_IMMEDIATE: { initdeferred: false },
  CONSTR_ATTR_ENFORCED: { is_enforced: true },
  CONSTR_ATTR_NOT_ENFORCED: { is_enforced: false },
};

/** As those of the table. One index serves UNIQUE and PRIMARY KEY (parse_utilcmd.c, transformIndexConstraints). */
function asTableConstraints(list: readonly Constraint[], column: string): readonly Constraint[] {
  if (list.length === 0) return list;
  const hasPrimary = list.some(({ contype }) => contype === "CONSTR_PRIMARY");
  return list
    .filter(({ contype }) => contype !== "CONSTR_UNIQUE" || !hasPrimary)
    .flatMap((constraint) => asTableConstraint(constraint, column));
}

function asTableConstraint(constraint: Constraint, column: string): Constraint[] {
  const columns: Node[] = [{ String: { sval: column } }];
  const type: string = constraint.contype ?? "";
  switch (type) {
    case "CONSTR_CHECK":
      return [constraint];
    case "CONSTR_PRIMARY":
    case "CONSTR_UNIQUE":
      return [{ ...constraint, keys: columns }];
    case "CONSTR_FOREIGN":
      return [{ ...constraint, fk_attrs: columns }];
    default:
      return [];
  }
}
