import type { AlterTableCmd, Constraint, Node } from "@pgsql/types";
import { byId, childrenOf, foreignKeysTo, indexesOf, sequencesOf } from "../lookup.ts";
import type { ObjectId, Relation, World, WorldColumn, WorldConstraint } from "../model.ts";
import { strings } from "../nodes.ts";
import { keptDefault } from "./default.ts";
import { putRelation } from "../store.ts";
import { resolveType } from "../type-use.ts";
import { addColumn, columnOf, updateColumn, withDescendants } from "./columns.ts";
import { dropNotNull, setNotNull } from "./constraints.ts";
import { all, change, type FoldContext } from "./context.ts";
import { defineColumn, namedSequence, ownedSequence } from "./define-column.ts";
import { dropRelation } from "./drop-object.ts";
import { plainKeys } from "./indexes.ts";

/** ADD COLUMN; its constraints go to `add`, with the word whether they are born valid. */
export function addColumnCommand(
  context: FoldContext,
  id: ObjectId,
  { def }: AlterTableCmd,
  recurse: boolean,
  add: (constraint: Constraint, fresh: boolean) => void,
): void {
  const { world } = context;
  const relation = byId(world, id);
  if (relation === undefined || def === undefined || !("ColumnDef" in def)) return;
  if (columnOf(relation, def.ColumnDef.colname ?? "") !== undefined) return;
  const defined = defineColumn(context, def.ColumnDef, relation);
  addColumn(context, id, defined.column, recurse);
  if (defined.notNull !== undefined)
    setNotNull(context, id, defined.column.name, { ...defined.notNull, recurse });
  for (const constraint of defined.constraints) add(constraint, true);
}

/** The forms ALTER COLUMN; false when the command is none of them. */
export function alterColumn(
  context: FoldContext,
  relation: Relation,
  command: AlterTableCmd,
  recurse: boolean,
): boolean {
  const { def, name = "" } = command;
  const { id } = relation;
  const update = (fields: Partial<WorldColumn>) => {
    for (const each of withDescendants(context, id, recurse))
      updateColumn(context, each, name, fields);
  };
  const subtype: string = command.subtype ?? "";
  switch (subtype) {
    case "AT_ColumnDefault":
      for (const each of withDescendants(context, id, recurse)) {
        const type = columnOf(byId(context.world, each), name)?.type;
        if (type !== undefined)
          updateColumn(context, each, name, { default: keptDefault(def, type, context) });
      }
      return true;
    case "AT_SetNotNull":
      // With ONLY, children need not have it: it is NO INHERIT then (tablecmds.c, ATExecSetNotNull).
      setNotNull(context, id, name, {
        recurse,
        noInherit: !recurse && childrenOf(context.world, id).length > 0,
      });
      return true;
    case "AT_DropNotNull":
      dropNotNull(context, id, name, recurse);
      return true;
    case "AT_SetExpression":
      setExpression(context, id, name, def, recurse);
      return true;
    case "AT_DropExpression":
      update({ generated: undefined });
      return true;
    case "AT_AlterColumnType":
    case "AT_AddIdentity":
    case "AT_SetIdentity":
    case "AT_DropIdentity":
      alterTypeOrIdentity(context, id, command, recurse);
      return true;
    default:
      return false;
  }
}

function alterTypeOrIdentity(
  context: FoldContext,
  id: ObjectId,
  command: AlterTableCmd,
  recurse: boolean,
): void {
  const { def, name = "" } = command;
  if (command.subtype === "AT_AlterColumnType") {
    if (def === undefined || !("ColumnDef" in def)) return;
    const type = resolveType(def.ColumnDef.typeName, context.world, context.searchPath);
    const collation = strings(def.ColumnDef.collClause?.collname).at(-1);
    for (const each of withDescendants(context, id, recurse))
      retype(context, each, name, { type, collation, typeKnown: type.schema !== undefined });
  } else if (command.subtype === "AT_AddIdentity") addIdentity(context, id, name, def);
  else if (command.subtype === "AT_DropIdentity") dropIdentity(context, id, name);
  else setIdentity(context, id, name, def);
}

/** A new type; the sequence of a serial column keeps its own. Indexes are built again under the same names. */
function retype(
  context: FoldContext,
  id: ObjectId,
  name: string,
  fields: Partial<WorldColumn>,
): void {
  updateColumn(context, id, name, fields);
  const { world } = context;
  const table = byId(world, id);
  for (const user of new Set([id, ...foreignKeysTo(world, id).map((each) => each.id)]))
    remakeConstraints(world, user, (constraint) =>
      constraint.kind === "foreign-key" && constraint.references.table === id
        ? constraint.references.columns.includes(name) ||
          (user === id && constraint.columns.includes(name))
        : user === id && "columns" in constraint && constraint.columns.includes(name),
    );
  for (const { id: index, index: facts } of table === undefined ? [] : indexesOf(world, id))
    if (facts !== undefined) {
      const plain = plainKeys(facts, table!, context);
      if (plain !== facts) change(world, index, { index: plain });
    }
  const identity = columnOf(table, name)?.identity !== undefined;
  const type = fields.type?.name;
  for (const sequence of sequencesOf(world, id)) {
    if (!identity || sequence.ownedBy?.column !== name) continue;
    const sequenceType = type === "int2" ? "smallint" : type === "int4" ? "integer" : "bigint";
    putRelation(world, { ...sequence, sequenceType });
  }
}

/** Keys and foreign keys of a table of its own are made again as new ones are: that one was once a partition's is forgotten. */
function remakeConstraints(
  world: World,
  id: ObjectId,
  isRemade: (constraint: WorldConstraint) => boolean,
): void {
  const table = byId(world, id);
  if (table === undefined || table.kind === "partitioned table") return;
  const isChanged = (constraint: WorldConstraint) =>
    !constraint.inherited && !constraint.noInherit && isRemade(constraint);
  if (!table.constraints.some(isChanged)) return;
  change(world, id, {
    constraints: table.constraints.map((constraint) =>
      isChanged(constraint) ? { ...constraint, noInherit: true } : constraint,
    ),
  });
}

function setExpression(
  context: FoldContext,
  id: ObjectId,
  name: string,
  expression: Node | undefined,
  recurse: boolean,
): void {
  for (const each of withDescendants(context, id, recurse)) {
    const generated = columnOf(byId(context.world, each), name)?.generated;
    if (generated !== undefined && expression !== undefined)
      updateColumn(context, each, name, { generated: { ...generated, expression } });
  }
}

/** ADD GENERATED … AS IDENTITY: on partitions too since 17. */
function addIdentity(
  context: FoldContext,
  id: ObjectId,
  name: string,
  def: Node | undefined,
): void {
  const { world } = context;
  const relation = byId(world, id)!;
  const column = columnOf(relation, name);
  if (column === undefined || def === undefined || !("Constraint" in def)) return;
  const identity = def.Constraint.generated_when === "a" ? "always" : "default";
  ownedSequence(context, relation, name, column.type.name, namedSequence(def.Constraint.options));
  for (const each of identityHolders(context, id)) updateColumn(context, each, name, { identity });
}

function dropIdentity(context: FoldContext, id: ObjectId, name: string): void {
  const { world } = context;
  if (columnOf(byId(world, id), name)?.identity === undefined) return;
  for (const each of identityHolders(context, id))
    updateColumn(context, each, name, { identity: undefined });
  for (const sequence of sequencesOf(world, id))
    if (sequence.ownedBy?.column === name) dropRelation(world, sequence.id);
}

function setIdentity(
  context: FoldContext,
  id: ObjectId,
  name: string,
  def: Node | undefined,
): void {
  if (def === undefined || !("List" in def)) return;
  const generated = all(def.List.items, "DefElem").find(({ defname }) => defname === "generated");
  const when = generated?.arg;
  if (when === undefined || !("Integer" in when)) return;
  const identity = when.Integer.ival === "a".charCodeAt(0) ? "always" : "default";
  for (const each of identityHolders(context, id)) updateColumn(context, each, name, { identity });
}

/** The table, and since 17 its partitions. */
function identityHolders(context: FoldContext, id: ObjectId): readonly ObjectId[] {
  const partitioned = childrenOf(context.world, id).some(
    ({ partitionOf }) => partitionOf !== undefined,
  );
  return withDescendants(context, id, partitioned && context.world.major >= 17);
}
