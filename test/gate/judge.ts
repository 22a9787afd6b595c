import type { Client, Pool } from "pg";
import type { Contract } from "../../src/contract/index.ts";
import { runGate } from "../../src/gate/index.ts";
import type { Session } from "../../src/pg/index.ts";
import { compareFacts } from "../../src/runtime/compare.ts";
import { queryOf } from "../../src/runtime/connection.ts";
import { readFacts } from "../../src/runtime/facts.ts";

/** One change of a live schema, as someone could make it by hand. */
export interface DrawnChange {
  readonly kind: string;
  readonly sql: readonly string[];
  /** Whether it breaks depends on rows: the gate must stay open and say so. */
  readonly dataDependent?: true;
}

export interface Judgement {
  readonly kind: string;
  readonly sql: readonly string[];
  /** What the code's own statements say. */
  readonly code: readonly string[];
  readonly gate: readonly string[];
  readonly runtime: readonly string[];
}

export interface JudgedReport {
  readonly breaking: number;
  readonly harmless: number;
  /** Kinds whose verdict depends on the rows, with how often they were drawn and really broke. */
  readonly dataDependent: Readonly<
    Record<string, { readonly drawn: number; readonly broke: number }>
  >;
  readonly kinds: Readonly<Record<string, number>>;
  /** Everything that was judged, in the order in which it was drawn. */
  readonly judged: readonly Judgement[];
  /** Verdicts of the gate that the code contradicts. */
  readonly wrong: readonly Judgement[];
  /** Changes that the runtime module's own check judges otherwise than the gate. */
  readonly runtime: readonly Judgement[];
}

/**
 * Makes single changes of a live schema, each in a transaction that is rolled back, asks whether the code breaks, and compares
 * the gate's verdict.
 */
export async function judgeChanges<Change extends DrawnChange>({
  contract,
  connection,
  count,
  draw,
  prepare,
  broken,
}: {
  readonly contract: Contract;
  readonly connection: Client | Pool;
  readonly count: number;
  readonly draw: () => Change | undefined;
  /** Called before a change is made, when no transaction is open. */
  readonly prepare?: (change: Change) => Promise<void>;
  readonly broken: (change: Change) => Promise<readonly string[]>;
}): Promise<JudgedReport> {
  const session = sessionOver(connection);
  const kinds: Record<string, number> = {};
  const dataDependent: Record<string, { drawn: number; broke: number }> = {};
  const judged: Judgement[] = [];
  const wrong: Judgement[] = [];
  const otherwise: Judgement[] = [];
  let breaking = 0;
  let harmless = 0;
  for (let done = 0; done < count;) {
    const change = draw();
    if (change === undefined) continue;
    await prepare?.(change);
    await connection.query("BEGIN");
    try {
      if (!(await applied(session, change.sql))) continue;
      done++;
      const { kind, sql } = change;
      kinds[kind] = (kinds[kind] ?? 0) + 1;
      const code = await broken(change);
      const { open, differences } = await runGate({
        contract,
        database: session,
        environment: "test",
        transaction: "caller",
      });
      const gate = differences.map(
        ({ severity, kind: what, object, found }) => `${severity} ${what} ${object}: ${found}`,
      );
      const facts = await readFacts(queryOf(connection), contract, false);
      const runtime = compareFacts(contract, facts).map(
        ({ kind: what, object }) => `${what} ${object}`,
      );
      const right =
        change.dataDependent === true ? open && gate.length > 0 : open === (code.length === 0);
      const judgement = { kind, sql, code: code.slice(0, 3), gate, runtime };
      judged.push(judgement);
      if (!right) wrong.push(judgement);
      if ((runtime.length === 0) !== open) otherwise.push(judgement);
      if (change.dataDependent === true) {
        const row = (dataDependent[kind] ??= { drawn: 0, broke: 0 });
        row.drawn++;
        if (code.length > 0) row.broke++;
      } else if (code.length > 0) breaking++;
      else harmless++;
    } finally {
      await connection.query("ROLLBACK");
    }
  }
  return { breaking, harmless, dataDependent, kinds, judged, wrong, runtime: otherwise };
}

/** Values come as they are on the wire, which a Session keeps to itself. */
export function sessionOver(connection: Client | Pool): Session {
  const query = (text: string, values?: unknown[]) => connection.query(text, values);
  const batch = async (text: string) => {
    const result: unknown = await connection.query(text);
    return Array.isArray(result) ? result : [result];
  };
  return { query, batch } as unknown as Session;
}

/** False when the server refuses the change, e.g. because the column is part of something else. */
async function applied(session: Session, sql: readonly string[]): Promise<boolean> {
  try {
    await session.batch(sql.join(";\n"));
    return true;
  } catch {
    return false;
  }
}
