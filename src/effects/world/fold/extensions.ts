import type { CreateExtensionStmt } from "@pgsql/types";
import { extensionMembers, type ExtensionType } from "../builtin/facts.ts";
import type { TypeUse } from "../model.ts";
import { valueText } from "../nodes.ts";
import { newId, putRoutine, putType } from "../store.ts";
import { builtinType } from "../type-use.ts";
import { all, creationSchema, doubt, type FoldContext } from "./context.ts";
import { dropRoutine, dropType } from "./drop-object.ts";
import { newlyOwned } from "./routines.ts";

/**
 * CREATE EXTENSION: types and functions of those that come with Postgres are measured. What another one brings is not
 * known, except that procedural languages bring nothing that schemas hold.
 */
export function createExtension(context: FoldContext, statement: CreateExtensionStmt): void {
  const { world } = context;
  const extension = statement.extname ?? "";
  if (world.extensions.has(extension)) return;
  world.extensions.add(extension);
  const members = extensionMembers(extension, world.major);
  if (members === undefined) {
    if (!extension.startsWith("pl"))
      doubt(context, `extension ${extension} brings types and functions that are not listed`);
    return;
  }
  const option = all(statement.options, "DefElem").find(({ defname }) => defname === "schema");
  const schema = creationSchema(context, { schema: valueText(option?.arg), name: extension });
  for (const name of members.types)
    putType(world, {
      id: newId(world),
      schema,
      name,
      kind: "base",
      labels: [],
      domain: undefined,
      range: undefined,
    });
  const use = (type: ExtensionType): TypeUse =>
    type.own
      ? { schema, name: type.name, modifiers: [], array: type.array }
      : builtinType(type.name, [], type.array);
  for (const routine of members.routines)
    putRoutine(world, {
      ...routine,
      ...newlyOwned(world, schema),
      id: newId(world),
      schema,
      arguments: routine.arguments.map(use),
      returns: use(routine.returns),
      securityDefiner: false,
      hasSettings: false,
      body: undefined,
      sqlBody: undefined,
    });
}

/** DROP EXTENSION: its types, with the columns of those types, and its functions. */
export function dropExtension(context: FoldContext, extension: string): void {
  const { world } = context;
  if (!world.extensions.delete(extension)) return;
  const members = extensionMembers(extension, world.major);
  if (members === undefined) {
    doubt(context, `DROP EXTENSION ${extension} takes types and functions that are not listed`);
    return;
  }
  const types = new Set(members.types);
  const names = new Set(members.routines.map(({ name }) => name));
  for (const type of Array.from(world.types.values()))
    if (type.kind === "base" && types.has(type.name)) dropType(world, type);
  for (const routine of Array.from(world.routines.values()).flat())
    if (names.has(routine.name) && isBrought(routine.language)) dropRoutine(world, routine);
}

function isBrought(language: string): boolean {
  return language === "c" || language === "internal";
}
