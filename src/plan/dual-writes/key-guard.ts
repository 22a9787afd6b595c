import { quoteIdent, quoteQualified } from "../../sql/index.ts";
import { guardOf, type Guard, type GuardedKey } from "./guard.ts";
import { parentFirst } from "./trigger.ts";
import { keyGuardFunction, longHash, madeName } from "./names.ts";

/** A unique index whose writers wait for each other, in a table that need not have dual writes. */
export interface KeyGuard {
  readonly plan: string;
  readonly table: { readonly schema: string; readonly name: string };
  readonly isPartitioned: boolean;
  readonly key: GuardedKey;
  /** Where its expressions look names up. */
  readonly searchPath: readonly string[];
}

/** The trigger of `guardOf` for one index, with a name of its own; both can be repeated without harm. */
export function keyGuard({ plan, table, isPartitioned, key, searchPath }: KeyGuard): Guard {
  const { schema, name } = table;
  const on = quoteQualified(schema, name);
  const guard = guardOf(
    {
      // Behind those of dual writes, which compute keys.
      trigger: quoteIdent(madeName("~~lockstep", plan, key.index)),
      perStatement: quoteIdent(madeName("~~~lockstep", plan, key.index)),
      routine: quoteQualified("lockstep", keyGuardFunction(plan, schema, key.index)),
      on,
    },
    [key],
    isPartitioned ? on : `ONLY ${on}`,
    ["pg_catalog", ...searchPath.map(quoteIdent), "pg_temp"].join(", "),
    (index) => longHash(plan, schema, name, index),
  );
  return { ...guard, stop: [...parentFirst(on, isPartitioned), ...guard.stop] };
}
