import type { DropStmt, Node } from "@pgsql/types";
import { childrenOf, findRelation, findType } from "../lookup.ts";
import type { Relation, World } from "../model.ts";
import { dottedName, strings } from "../nodes.ts";
import { change, type FoldContext } from "./context.ts";
import { dropRelation, dropRoutine, dropType } from "./drop-object.ts";
import { dropCollation } from "./collations.ts";
import { dropExtension } from "./extensions.ts";
import { dropSchema } from "./drop-schema.ts";
import { dropEventTrigger } from "./event-triggers.ts";
import { dropServer, dropWrapper } from "./foreign-data.ts";
import { dropStatistics } from "./statistics.ts";
import { dropPublication } from "./publications.ts";
import { matchRoutine } from "./routines.ts";
import { dropAccessMethod } from "./server.ts";

/** DROP of everything but databases, roles and tablespaces; dependents go as CASCADE has it. */
export function drop(context: FoldContext, statement: DropStmt): void {
  for (const object of statement.objects ?? [])
    dropOne(context, statement.removeType ?? "", object);
}

function dropOne(context: FoldContext, type: string, object: Node): void {
  const { world, searchPath } = context;
  const path = pathOf(object);
  switch (type) {
    case "OBJECT_TABLE":
    case "OBJECT_VIEW":
    case "OBJECT_MATVIEW":
    case "OBJECT_INDEX":
    case "OBJECT_SEQUENCE":
    case "OBJECT_FOREIGN_TABLE": {
      const relation = findRelation(world, dottedName(path), searchPath);
      if (relation !== undefined) dropRelation(world, relation.id);
      return;
    }
    case "OBJECT_TYPE":
    case "OBJECT_DOMAIN": {
      const found = findType(world, dottedName(path), searchPath);
      if (found !== undefined) dropType(world, found);
      return;
    }
    case "OBJECT_FUNCTION":
    case "OBJECT_PROCEDURE":
    case "OBJECT_ROUTINE":
    case "OBJECT_AGGREGATE": {
      if (!("ObjectWithArgs" in object)) return;
      const routine = matchRoutine(context, object.ObjectWithArgs);
      if (routine !== undefined) dropRoutine(world, routine);
      return;
    }
    case "OBJECT_SCHEMA":
      if (path[0] !== undefined) dropSchema(world, path[0]);
      return;
    case "OBJECT_TRIGGER":
    case "OBJECT_POLICY":
    case "OBJECT_RULE": {
      const relation = findRelation(world, dottedName(path.slice(0, -1)), searchPath);
      if (relation !== undefined) dropAttached(world, relation, type, path.at(-1)!);
      return;
    }
    case "OBJECT_STATISTIC_EXT":
      dropStatistics(context, path);
      return;
    case "OBJECT_EXTENSION":
      dropExtension(context, path[0] ?? "");
      return;
    case "OBJECT_PUBLICATION":
      dropPublication(world, path[0] ?? "");
      return;
    case "OBJECT_COLLATION":
      dropCollation(world, path.at(-1) ?? "");
      return;
    case "OBJECT_EVENT_TRIGGER":
      dropEventTrigger(world, path[0] ?? "");
      return;
    case "OBJECT_FOREIGN_SERVER":
      dropServer(world, path[0] ?? "");
      return;
    case "OBJECT_FDW":
      dropWrapper(world, path[0] ?? "");
      return;
    case "OBJECT_ACCESS_METHOD":
      dropAccessMethod(world, path[0] ?? "");
      return;
    default:
      return;
  }
}

function pathOf(object: Node): readonly string[] {
  if ("TypeName" in object) return strings(object.TypeName.names);
  if ("List" in object) return strings(object.List.items);
  return strings([object]);
}

function dropAttached(world: World, relation: Relation, type: string, name: string): void {
  const { id } = relation;
  const others = <T extends { readonly name: string }>(list: readonly T[]) =>
    list.filter((item) => item.name !== name);
  if (type === "OBJECT_POLICY") change(world, id, { policies: others(relation.policies) });
  else if (type === "OBJECT_RULE") change(world, id, { rules: others(relation.rules) });
  else {
    const cloned = relation.triggers.some((trigger) => trigger.name === name && trigger.forEachRow);
    change(world, id, { triggers: others(relation.triggers) });
    if (!cloned || relation.kind !== "partitioned table") return;
    for (const child of childrenOf(world, id)) dropAttached(world, child, type, name);
  }
}
