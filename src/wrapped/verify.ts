import type { Session } from "../pg/index.ts";
import { cutUnits, examineAsRun } from "../runner/index.ts";
import type { Statement } from "../sql/index.ts";
import type { MigrationFolder } from "../tools/index.ts";

/** Indexes that a failed build has left; those of partitioned tables may be so by design. */
export async function invalidIndexes(session: Session): Promise<readonly string[]> {
  const { rows } = await session.query<{ name: string }>(
    `SELECT i.indexrelid::pg_catalog.regclass::text AS name
       FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
      WHERE NOT i.indisvalid AND c.relkind <> 'I' ORDER BY 1`,
  );
  return rows.map(({ name }) => name);
}

/**
 * Effects of migrations that the catalog does not show, each in words. A statement whose table a later one changes too is
 * passed over: what it did may have been undone on purpose.
 */
export async function brokenEffects(
  session: Session,
  { migrations }: MigrationFolder,
  applied: ReadonlySet<string>,
): Promise<readonly string[]> {
  const own = migrations.filter(({ id }) => applied.has(id));
  const units = [];
  for (const migration of own)
    for (const unit of await cutUnits(migration)) units.push({ migration, unit });
  const later = new Set<string>();
  const broken: string[] = [];
  for (const { migration, unit } of units.toReversed()) {
    const findings = await examineAsRun(session, unit);
    for (const [statement, { failing }] of findings.toReversed()) {
      const names = namesIn(statement);
      if (failing.length > 0 && !names.some((name) => later.has(name)))
        broken.push(`${migration.file}:${statement.line}: ${failing.join(", ")}`);
      for (const name of names) later.add(name);
    }
  }
  return broken;
}

/** Whatever a tree names: more is as good, for it only keeps us from a verdict. */
function namesIn(statement: Statement): readonly string[] {
  const names: string[] = [];
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) return value.forEach(visit);
    if (typeof value !== "object" || value === null) return;
    const { relname, sval } = value as { relname?: unknown; sval?: unknown };
    if (typeof relname === "string") names.push(relname);
    if (typeof sval === "string") names.push(sval);
    Object.values(value).forEach(visit);
  };
  visit(statement.node);
  return names;
}
