import type { Catalog, PartialCatalog } from "../catalog/index.ts";
import { lockModes } from "../effects/index.ts";
import { Session } from "../pg/index.ts";
import { parseSql, type Statement } from "../sql/index.ts";
import { composePlan } from "./compose.ts";
import { failedNaively } from "./failed-naively.ts";
import type { Plan } from "./model.ts";
import { runNaive, type Naive } from "./naive.ts";
import { recognise, type Part } from "./recognise.ts";
import { splitStatements } from "./split.ts";

export interface MakeRequest {
  /** Identifier: see `planId`. */
  readonly id: string;
  /** A scratch database as the migration finds it; it is changed. */
  readonly url: string;
  readonly major: number;
  /** For messages. */
  readonly file: string;
  readonly sql: string;
}

/** What became of a migration. */
export interface Made {
  /** One for each statement, or for several that one operation took together. */
  readonly parts: readonly Part[];
  /** Undefined when a part is refused. */
  readonly plan: Plan | undefined;
  /** The statements as they were written, but for BEGIN and COMMIT around them. */
  readonly statements: readonly Statement[];
  readonly searchPath: readonly string[];
  /** The tables that it touches, as they are before it. */
  readonly start: PartialCatalog<"tables">;
  readonly naive: Naive;
}

/**
 * Turns a migration into phases.
 * @throws LockstepError `sql-syntax`; `scratch-run-failed` when the migration itself does not run; `plan-expression`
 */
export async function makePlan({ id, url, major, file, sql }: MakeRequest): Promise<Made> {
  const written = (await parseSql(sql, file)).filter((statement) => !isBracket(statement));
  const statements = splitStatements(written, file);
  const searchPath = await searchPathAt(url);
  const naive = await runNaive({ url, file, sql, statements }).catch((error: unknown) => {
    throw failedNaively(error, file);
  });
  const parts = await recognise({ naive, plan: id, searchPath, major });
  const planned = parts.flatMap((part) => (part.kind === "refused" ? [] : [part.planned]));
  const isWhole = parts.every(({ kind }) => kind !== "refused");
  const plan = isWhole ? await composePlan(id, planned, searchPath) : undefined;
  return { parts, plan, statements: written, searchPath, start: touched(naive), naive };
}

/** BEGIN, COMMIT and their like around statements: a plan has transactions of its own. */
function isBracket({ node }: Statement): boolean {
  return (
    "TransactionStmt" in node &&
    ["TRANS_STMT_BEGIN", "TRANS_STMT_START", "TRANS_STMT_COMMIT"].includes(
      node.TransactionStmt.kind ?? "",
    )
  );
}

async function searchPathAt(url: string): Promise<readonly string[]> {
  await using session = await Session.open({ url, applicationName: "lockstep/plan" });
  const { rows } = await session.query<{ path: string[] }>(
    "SELECT pg_catalog.current_schemas(false)::text[] AS path",
  );
  return rows[0]!.path;
}

/** Tables on which the migration takes more than a reader's or writer's lock, or whose rows it changes. */
function touched({ statements, start }: Naive): PartialCatalog<"tables"> {
  const weak = lockModes.indexOf("RowExclusive");
  const names = new Set(
    statements.flatMap(({ effect }) =>
      effect.locks
        .filter(({ mode }) => lockModes.indexOf(mode) >= weak)
        .map(({ relation }) => relation),
    ),
  );
  return { serverMajor: start.serverMajor, tables: tablesOf(start, names) };
}

function tablesOf({ tables }: Catalog, names: ReadonlySet<string>): Catalog["tables"] {
  return Object.fromEntries(Object.entries(tables).filter(([name]) => names.has(name)));
}
