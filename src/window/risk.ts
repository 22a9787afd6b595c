import type { Session } from "../pg/index.ts";
import { isHarmless } from "../plan/index.ts";
import { parseSql } from "../sql/index.ts";
import type { Migration, MigrationFolder } from "../tools/index.ts";

/** A migration that is not to begin at any time. */
export interface Risk {
  /** Its id. */
  readonly migration: string;
  readonly why: string;
}

/**
 * Which of some pending migrations are risky on this database, in order: those with a statement that is not harmless while
 * releases run, by what is predicted from the live catalog. What is carried by a plan is, for it fills rows; what is not
 * understood counts as risky.
 *
 * @param planned ids of those that a plan carries
 */
export async function risksIn(
  session: Session,
  folder: MigrationFolder,
  pending: readonly Migration[],
  planned: ReadonlySet<string>,
): Promise<readonly Risk[]> {
  if (folder.program !== undefined)
    return pending.map(({ id: migration }) => ({
      migration,
      why: `${migration} is a program, and may do anything`,
    }));
  // Loaded only where a window is asked for.
  const { copyWorld, breaksBetween, fold, readWorld, SimulatedSession, startPredicting } =
    await import("../effects/index.ts");
  const risks: Risk[] = [];
  const world = await readWorld(session);
  for (const migration of pending) {
    const { id, file, sql, transaction } = migration;
    if (planned.has(id)) {
      risks.push({ migration: id, why: `${id} is carried by a plan` });
      continue;
    }
    const statements = await parseSql(sql, file);
    const predict = startPredicting();
    const existing = new Set([...world.relations.values()].map((relation) => relation.id));
    const simulated = new SimulatedSession({ transaction });
    simulated.startFile(file, statements);
    for (const statement of statements) {
      const before = copyWorld(world);
      const state = simulated.before(statement);
      const effect = predict({ statement, world, existing, session: state });
      fold(statement, world);
      const breaks = breaksBetween(before, world, existing);
      const isRisky = !(await isHarmless({ ...effect, breaks }));
      if (isRisky && risks.at(-1)?.migration !== id)
        risks.push({ migration: id, why: `${id} is not harmless, line ${statement.line}` });
      simulated.after(statement, effect);
    }
  }
  return risks;
}
