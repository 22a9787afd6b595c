import type { Session } from "../pg/index.ts";
import { qualifiedName } from "../catalog/index.ts";
import { quoteIdent, quoteQualified } from "../sql/index.ts";
import { onConflict, refusal } from "./arbiters.ts";
import type { ViewStandIn } from "./compare.ts";
import type { Finding } from "./result.ts";

/**
 * Tries whether a view can stand for a table that the code reads and writes: the server plans the code's
 * statements (EXPLAIN runs nothing), so that a view which cannot be written, or cannot serve ON CONFLICT, is
 * found by the server itself. Defaults and NOT NULL of what is under the view are not seen this way: said as a
 * warning.
 */
export async function tryStandIns(
  standIns: readonly ViewStandIn[],
  database: Session,
  transaction: "own" | "caller",
): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for (const standIn of standIns) findings.push(await tryView(standIn, database, transaction));
  return findings;
}

async function tryView(
  { wanted, view }: ViewStandIn,
  database: Session,
  transaction: "own" | "caller",
): Promise<Finding> {
  const base = {
    object: qualifiedName(view.schema, view.name),
    kind: "wrong-kind",
    expected: "a table",
    from: wanted.from,
    address: `relation ${qualifiedName(wanted.schema, wanted.name)}`,
  } as const;
  const failure = await refusal(codeStatements({ wanted, view }), database, transaction);
  if (failure !== undefined)
    return {
      ...base,
      severity: "error",
      found: `a view that the server does not let the code use: ${failure}`,
      effect: "statements of the code fail",
    };
  return {
    ...base,
    severity: "warning",
    found: "a view through which the code's statements can be planned",
    effect:
      "it works as far as can be seen without writing; defaults and NOT NULL under the view are not looked at",
  };
}

/** What an ORM that names every column sends, with NULL for each value. */
function codeStatements({ wanted, view }: ViewStandIn): readonly string[] {
  const written = wanted.columns.filter(({ generated }) => generated === null);
  const target = quoteQualified(view.schema, view.name);
  const columns = wanted.columns.map(({ name }) => quoteIdent(name)).join(", ");
  const targets = written.map(({ name }) => quoteIdent(name)).join(", ");
  const values = written
    .map(({ type, identity }) => (identity === "always" ? "DEFAULT" : `NULL::${type}`))
    .join(", ");
  const insert = `INSERT INTO ${target} (${targets}) VALUES (${values})`;
  const upserts = wanted.unique
    .filter(({ deferrable }) => !deferrable)
    .map((key) => `${insert} ${onConflict(wanted, key)} DO NOTHING`);
  const first = written.find(({ identity }) => identity === null);
  const statements: Readonly<Record<string, readonly string[]>> = {
    select: [`SELECT ${columns} FROM ${target}`],
    insert: [`${insert} RETURNING ${columns}`, ...upserts],
    update: first === undefined ? [] : [`UPDATE ${target} SET ${quoteIdent(first.name)} = NULL`],
    delete: [`DELETE FROM ${target}`],
  };
  return wanted.access.flatMap((access) => statements[access] ?? []);
}
