import { scratchServer } from "../support.ts";
import { settingChanges } from "../../../../src/effects/session/settings.ts";
import type { SessionState } from "../../../../src/effects/session/state.ts";
import { createWorld, fold, type World } from "../../../../src/effects/world/index.ts";
import { searchPathOf } from "../../../../src/effects/session/search-path.ts";
import { parseSql } from "../../../../src/sql/index.ts";
import { baseSql, type Form } from "../../matrix/support.ts";

const off = { ms: 0, from: { kind: "default" } } as const;

/** A session in autocommit whose settings are those given; scratch servers run at UTC. */
export function sessionWith(settings: ReadonlyMap<string, string> = new Map()): SessionState {
  return {
    inTransaction: false,
    transaction: 1,
    failed: false,
    lockTimeout: off,
    statementTimeout: off,
    settings: new Map([["timezone", "UTC"], ...settings]),
    held: [],
  };
}

/** The catalog that a form's statement meets: the base schema and the form's own set-up, without a server. */
export async function worldBefore(
  { id, setUp }: Form,
  major: number,
): Promise<{ readonly world: World; readonly session: SessionState }> {
  const world = createWorld({ major, complete: true, server: scratchServer });
  const settings = new Map<string, string>();
  for (const statement of await parseSql(baseSql, "base.sql")) fold(statement, world);
  for (const statement of await parseSql(setUp, id)) {
    for (const change of settingChanges(statement))
      if (change.kind === "set" && change.value !== undefined)
        settings.set(change.name, change.value);
    fold(statement, world, { searchPath: searchPathOf({ settings }) });
  }
  return { world, session: sessionWith(settings) };
}

/** Ids of all relations of the world. */
export function idsOf(world: World): ReadonlySet<number> {
  return new Set([...world.relations.values()].map(({ id }) => id));
}
