import type { AlterObjectSchemaStmt } from "@pgsql/types";
import { findRelation, findType } from "../lookup.ts";
import { dottedName, strings } from "../nodes.ts";
import { target, type FoldContext } from "./context.ts";
import { moveRelation, moveRoutine, moveType } from "./move.ts";
import { matchRoutine } from "./routines.ts";
import { moveStatistics } from "./statistics.ts";

/** ALTER … SET SCHEMA: a table takes its indexes, constraints and owned sequences with it. */
export function setSchema(context: FoldContext, statement: AlterObjectSchemaStmt): void {
  const { world, searchPath } = context;
  const schema = statement.newschema ?? "";
  const { object } = statement;
  const path = object !== undefined && "List" in object ? strings(object.List.items) : [];
  const kind: string = statement.objectType ?? "";
  switch (kind) {
    case "OBJECT_TABLE":
    case "OBJECT_VIEW":
    case "OBJECT_MATVIEW":
    case "OBJECT_SEQUENCE":
    case "OBJECT_FOREIGN_TABLE": {
      const relation = target(context, statement.relation);
      if (relation !== undefined) moveRelation(world, relation, schema, relation.name);
      return;
    }
    case "OBJECT_TYPE":
    case "OBJECT_DOMAIN": {
      const name = dottedName(path);
      const composite = findRelation(world, name, searchPath);
      const type = findType(world, name, searchPath);
      if (composite?.kind === "composite type")
        moveRelation(world, composite, schema, composite.name);
      else if (type !== undefined) moveType(world, type, schema, type.name);
      return;
    }
    case "OBJECT_FUNCTION":
    case "OBJECT_PROCEDURE":
    case "OBJECT_ROUTINE":
    case "OBJECT_AGGREGATE": {
      if (object === undefined || !("ObjectWithArgs" in object)) return;
      const routine = matchRoutine(context, object.ObjectWithArgs);
      if (routine !== undefined) moveRoutine(world, routine, schema, routine.name);
      return;
    }
    case "OBJECT_STATISTIC_EXT":
      moveStatistics(context, path, schema);
      return;
    default:
      return;
  }
}
