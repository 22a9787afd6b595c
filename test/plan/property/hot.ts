import { keyTexts } from "../../../src/contract/index.ts";
import type { Session } from "../../../src/pg/index.ts";
import { madeName } from "../../../src/plan/dual-writes/index.ts";
import type { Made } from "../../../src/plan/index.ts";
import type { PlannedOperation, Twin } from "../../../src/plan/model.ts";
import { failureIn } from "../../../src/plan/prove/release/trial.ts";
import type { Scenario } from "../../../src/plan/prove/scenario.ts";
import { qualifiedName, quoteIdent, quoteQualified } from "../../../src/sql/index.ts";

/** How many sessions upsert in one moment. */
const width = 4;

export interface HotUpserts {
  /** How many were sent. */
  readonly sent: number;
  readonly failures: readonly string[];
}

export interface HotRequest {
  /** Opens a session of the database. */
  readonly open: () => Promise<Session>;
  readonly made: Made;
  readonly scenario: Scenario;
  readonly plan: string;
  /** How often each key comes anew. */
  readonly rounds: number;
}

/**
 * While both releases run: sessions of both upsert, in one moment, a key that no row has, where a unique index has another
 * one beside it and a trigger for them (docs/phases.md, "Upserts while there are two unique indexes"). None of them may
 * find another's row by the index that its `ON CONFLICT` does not name, and none may wait for ever: each sends one row,
 * with which the deadlock that is said there cannot be. What other constraints refuse is the release's own.
 */
export async function upsertAtOnce(given: HotRequest): Promise<HotUpserts> {
  const hot = hotKeys(given);
  if (hot.length === 0) return { sent: 0, failures: [] };
  const sessions = await Promise.all(Array.from({ length: width }, given.open));
  const failures: string[] = [];
  let sent = 0;
  try {
    for (const { table, indexes, rounds: each } of hot)
      for (let round = 0; round < given.rounds; round++)
        for (const statements of each) {
          if (!(await isFree(sessions[0]!, statements[0]!, table))) continue;
          sent += width;
          await Promise.all(
            sessions.map(async (session, at) => {
              const failure = await failureOf(session, statements[at]!);
              if (failure === undefined) return;
              const { code, constraint, message } = failure;
              if (!code.startsWith("23") || indexes.includes(constraint ?? ""))
                failures.push(`at once: ${message}: ${statements[at]!}`);
            }),
          );
        }
  } finally {
    for (const session of sessions) await session.close();
  }
  return { sent, failures };
}

interface HotKey {
  /** Quoted. */
  readonly table: string;
  /** Both indexes of the key. */
  readonly indexes: readonly string[];
  /** What the sessions send in one moment: a statement each. */
  readonly rounds: readonly (readonly string[])[];
}

function hotKeys({ made, scenario, plan }: HotRequest): readonly HotKey[] {
  const planned = made.parts.flatMap((part) => (part.kind === "refused" ? [] : [part.planned]));
  return planned.flatMap((one) =>
    (one.twins ?? []).map((twin) => {
      const { table, key } = twin;
      const upserts = upsertsOf(twin, scenario);
      // Other forms can be equal where the values are not, and the trigger goes by the values.
      const isOnlyRenamed = isRename(one);
      return {
        table: quoteQualified(table.schema, table.name),
        indexes: [key.index, madeName(key.index, plan)],
        rounds: upserts.map((first, n) =>
          Array.from({ length: width }, (_, at) =>
            at < 2 || !isOnlyRenamed ? first : upserts[(n + at) % upserts.length]!,
          ),
        ),
      };
    }),
  );
}

/** What the releases upsert by this key, under the name that each has for it. */
function upsertsOf({ table, key }: Twin, { old, new: release }: Scenario): readonly string[] {
  const name = qualifiedName(table.schema, table.name);
  return [old, release].flatMap(({ catalog, statements }) => {
    const index = catalog.tables[name]?.indexes.find((one) => one.name === key.index);
    if (index === undefined) return [];
    const target = `ON CONFLICT (${keyTexts(index).join(", ")})`;
    return statements.flatMap(({ on, sql }) => (on === name && sql.includes(target) ? [sql] : []));
  });
}

function isRename({ mappings = [], shadows = [] }: PlannedOperation): boolean {
  return (
    shadows.length === 0 &&
    mappings.every(({ mapping }) => {
      const [from, to] = [mapping.old, mapping.new];
      return (
        from.length === 1 &&
        to.length === 1 &&
        from[0]!.from === quoteIdent(to[0]!.name) &&
        to[0]!.from === quoteIdent(from[0]!.name)
      );
    })
  );
}

async function failureOf(session: Session, sql: string) {
  return session.batch(sql).then(
    () => undefined,
    (error: unknown) => failureIn(error),
  );
}

/** Takes away the row that an upsert writes, by who wrote it; false where that cannot be. */
async function isFree(session: Session, upsert: string, table: string): Promise<boolean> {
  const sql = `BEGIN;\n${upsert};\nDELETE FROM ${table} WHERE xmin::text::bigint = pg_catalog.txid_current() % 4294967296;\nCOMMIT`;
  const failure = await failureOf(session, sql);
  if (failure !== undefined) await session.query("ROLLBACK");
  return failure === undefined;
}
