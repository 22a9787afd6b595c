import type { Session } from "../pg/index.ts";
import type { Statement } from "../sql/index.ts";
import { examine, type Finding } from "./postcondition/index.ts";
import { settingChange } from "./session-settings.ts";
import type { Unit } from "./units.ts";

/** What the catalog says of one statement of a unit. */
export type StatementFinding = readonly [Statement, Finding];

/**
 * Looks each statement of a unit up in the catalog under the settings it was run with: those that earlier units made
 * for the session, and those that the unit itself makes on the way. Nothing stays set.
 */
export async function examineAsRun(
  session: Session,
  unit: Pick<Unit, "settings" | "statements">,
): Promise<readonly StatementFinding[]> {
  const findings: StatementFinding[] = [];
  await session.batch(["BEGIN", ...unit.settings.map(({ sql }) => sql)].join("\n;\n"));
  try {
    for (const statement of unit.statements) {
      const change = settingChange(statement);
      if (change !== undefined && change.name !== "all") await session.batch(statement.sql);
      findings.push([statement, await examine(session, [statement])]);
    }
  } finally {
    await session.batch("ROLLBACK");
  }
  return findings;
}
