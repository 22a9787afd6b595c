import type { AlterSeqStmt, CreateSeqStmt, Node } from "@pgsql/types";
import { qualifiedName } from "../../../sql/index.ts";
import { findRelation, temporarySchema } from "../lookup.ts";
import type { Relation } from "../model.ts";
import { dottedName, rangeName, strings } from "../nodes.ts";
import { putRelation } from "../store.ts";
import { resolveType } from "../type-use.ts";
import {
  all,
  creationSchema,
  emptyRelation,
  persistenceOf,
  target,
  type FoldContext,
} from "./context.ts";
import { truncateName } from "./object-names.ts";

export function createSequence(context: FoldContext, statement: CreateSeqStmt): void {
  const { world } = context;
  const written = rangeName(statement.sequence);
  const schema = creationSchema(context, written);
  const name = truncateName(written.name);
  if (world.relations.has(qualifiedName(schema, name))) return;
  if (schema === temporarySchema) world.schemas.add(temporarySchema);
  const persistence = persistenceOf(statement.sequence, schema);
  const sequence = emptyRelation(world, "sequence", schema, name, persistence);
  putRelation(
    world,
    withOptions(context, { ...sequence, sequenceType: "bigint" }, statement.options),
  );
}

export function alterSequence(context: FoldContext, statement: AlterSeqStmt): void {
  const sequence = target(context, statement.sequence);
  if (sequence?.kind === "sequence")
    putRelation(context.world, withOptions(context, sequence, statement.options));
}

const types: Readonly<Record<string, Relation["sequenceType"]>> = {
  int2: "smallint",
  int4: "integer",
  int8: "bigint",
};

/** AS and OWNED BY. */
function withOptions(
  { world, searchPath }: FoldContext,
  sequence: Relation,
  options: readonly Node[] | undefined,
): Relation {
  let changed = sequence;
  for (const { defname, arg } of all(options, "DefElem")) {
    if (defname === "as" && arg !== undefined && "TypeName" in arg) {
      const { name } = resolveType(arg.TypeName, world, searchPath);
      changed = { ...changed, sequenceType: types[name] ?? changed.sequenceType };
    } else if (defname === "owned_by" && arg !== undefined && "List" in arg) {
      const path = strings(arg.List.items);
      const table = findRelation(world, dottedName(path.slice(0, -1)), searchPath);
      const none = path.length === 1 && path[0] === "none";
      if (none) changed = { ...changed, ownedBy: undefined };
      else if (table !== undefined)
        changed = { ...changed, ownedBy: { table: table.id, column: path.at(-1)! } };
    }
  }
  return changed;
}
