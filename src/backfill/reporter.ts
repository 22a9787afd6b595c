import type { Emit } from "../events/index.ts";
import { sqlState, type Queryable } from "../pg/index.ts";
import { sessionSql } from "./claim.ts";
import type { Cursor } from "./cursor.ts";
import type { Decision } from "./decide.ts";
import { RateMeter, rateOf } from "./rate.ts";
import { readBackfill } from "./status.ts";

export interface ReporterOptions {
  readonly backfill: string;
  /** Shown to people who ask who works. */
  readonly name: string;
  readonly workers: number;
  readonly emit: Emit;
}

/** How often progress is told, in ms. */
const tellMs = 1_000;

/** Tells how a run goes on: as events here, and in the ledger for those who look from elsewhere. */
export class Reporter {
  readonly #options: ReporterOptions;
  readonly #meter = new RateMeter(performance.now());
  #passed = 0;
  #toldAt = 0;
  #told = "";

  constructor(options: ReporterOptions) {
    this.#options = options;
  }

  /** Rows that this run has passed. */
  get passed(): number {
    return this.#passed;
  }

  count(passed: number): void {
    this.#passed += passed;
    this.#meter.add(passed);
  }

  rejected(key: Cursor, error: Error): void {
    const { backfill, emit } = this.#options;
    const { message } = error;
    emit({ type: "backfill.rejected", backfill, key, sqlstate: sqlState(error) ?? "", message });
  }

  /** Writes how this process goes on when that has changed or a second has passed, and tells it. */
  async report(database: Queryable, { verdict, reasons }: Decision): Promise<void> {
    const now = performance.now();
    const said = JSON.stringify([verdict, reasons.map(({ signal, subject }) => [signal, subject])]);
    if (said === this.#told && now - this.#toldAt < tellMs) return;
    this.#told = said;
    this.#toldAt = now;
    const { backfill, name, workers, emit } = this.#options;
    const rates = this.#meter.rates(now);
    await database.query(
      `INSERT INTO lockstep.backfill_process (backfill, session, name, workers, verdict, reasons, rates)
       SELECT $1, ${sessionSql("a")}, $2, $3, $4, $5, $6 FROM pg_catalog.pg_stat_activity a WHERE pid = pg_catalog.pg_backend_pid()
       ON CONFLICT (backfill, session) DO UPDATE SET verdict = EXCLUDED.verdict, reasons = EXCLUDED.reasons,
         rates = EXCLUDED.rates, seen_at = EXCLUDED.seen_at`,
      [backfill, name, workers, verdict, JSON.stringify(reasons), JSON.stringify(rates)],
    );
    const status = await readBackfill(database, backfill);
    if (status === undefined) return;
    const { passed, changed, estimate, remaining } = status;
    const rowsPerSecond = rateOf(rates).typical;
    const progress = { backfill, passed, changed, estimate, rowsPerSecond, remaining };
    emit({ type: "backfill.progress", ...progress, verdict, reasons });
  }
}
