import type { Remained } from "../../ledger/index.ts";
import type { Queryable } from "../../pg/index.ts";
import type { Statement } from "../../sql/index.ts";
import { all } from "./check.ts";
import { postconditionOf } from "./postcondition.ts";

/** What the catalog says of the statements' effect. */
export interface Finding {
  /** `everything` and `nothing` only when every part of the effect can be seen. */
  readonly remained: Remained;
  /** Checks that do not hold, in words. */
  readonly failing: readonly string[];
}

/** Looks the effect of statements up in the catalog, in one query, by the session's own search_path. */
export async function examine(
  database: Queryable,
  statements: readonly Statement[],
): Promise<Finding> {
  const { checks, complete } = all(statements.map(postconditionOf));
  if (checks.length === 0) return { remained: complete ? "nothing" : "unknown", failing: [] };
  const { rows } = await database.query<{ verdicts: (boolean | null)[] }>(
    `SELECT ARRAY[${checks.map(({ sql }) => `(${sql})`).join(",\n")}] AS verdicts`,
  );
  const { verdicts } = rows[0]!;
  const failing = checks.filter((_, index) => verdicts[index] === false).map(({ what }) => what);
  const holding = verdicts.filter((verdict) => verdict === true).length;
  return { remained: verdict(holding, failing.length, checks.length, complete), failing };
}

function verdict(holding: number, failing: number, of: number, complete: boolean): Remained {
  if (holding > 0 && failing > 0) return "something";
  if (holding === of) return complete ? "everything" : "unknown";
  return failing === of && complete ? "nothing" : "unknown";
}
