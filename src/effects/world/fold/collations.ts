import type { DefineStmt } from "@pgsql/types";
import type { World } from "../model.ts";
import { strings, valueText } from "../nodes.ts";
import { all } from "./context.ts";

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
