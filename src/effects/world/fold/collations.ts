import type { DefineStmt } from "@pgsql/types";
import type { World } from "../model.ts";
import { strings, valueText } from "../nodes.ts";
import { all, change } from "./context.ts";
import { dropColumn } from "./drop-object.ts";

/** CREATE COLLATION, with its own options or as a copy of another one (collationcmds.c, DefineCollation). */
export function createCollation(world: World, { defnames, definition }: DefineStmt): void {
  const name = strings(defnames).at(-1) ?? "";
  const options = new Map(
    all(definition, "DefElem").map(({ defname, arg }) => [defname, arg] as const),
  );
  const from = options.get("from");
  const copied = from !== undefined && "List" in from ? strings(from.List.items).at(-1) : undefined;
  const known = world.nondeterministicCollations;
  const isNondeterministic =
    copied === undefined ? valueText(options.get("deterministic")) === "false" : known.has(copied);
  if (isNondeterministic === known.has(name)) return;
  const others = [...known].filter((other) => other !== name);
  world.nondeterministicCollations = new Set(isNondeterministic ? [...others, name] : others);
}

/** ALTER COLLATION … RENAME: columns of it follow. */
export function renameCollation(world: World, from: string, to: string): void {
  for (const { id, columns } of Array.from(world.relations.values()))
    if (columns.some(({ collation }) => collation === from))
      change(world, id, {
        columns: columns.map((column) =>
          column.collation === from ? { ...column, collation: to } : column,
        ),
      });
  const known = world.nondeterministicCollations;
  if (known.has(from))
    world.nondeterministicCollations = new Set(
      [...known].map((name) => (name === from ? to : name)),
    );
}

/** DROP COLLATION: columns of it go with CASCADE; without it there are none. */
export function dropCollation(world: World, name: string): void {
  for (const { id, columns } of Array.from(world.relations.values()))
    for (const column of columns) if (column.collation === name) dropColumn(world, id, column.name);
  const others = [...world.nondeterministicCollations].filter((other) => other !== name);
  world.nondeterministicCollations = new Set(others);
}
