import { introspect } from "../catalog/index.ts";
import type { RowMaker } from "../clone/index.ts";
import type { SentStatements, Sizes } from "../effects/index.ts";
import { Session } from "../pg/index.ts";
import { applicationLoad, type ApplicationLoad } from "./application-load.ts";
import { besideLoad, sentStatements } from "./beside-load.ts";
import { loadTables, schemaLoad } from "./load-statements.ts";
import { Load, type LoadStatement, type Operation } from "./load.ts";
import type { RehearsedLoad, SentLoad } from "./model.ts";
import type { LoadRequest } from "./request.ts";
import type { Ran } from "./run-once.ts";

export interface UnderLoadRequest {
  readonly url: string;
  readonly scale: number;
  readonly load: LoadRequest;
  readonly makers: readonly RowMaker[];
  readonly statistics: Sizes;
  readonly seed: number;
  /** Runs the pending work. */
  readonly run: () => Promise<Ran>;
}

export interface UnderLoad {
  readonly load: RehearsedLoad;
  readonly ran: Ran;
  readonly statements: readonly LoadStatement[];
}

/** Sessions are asked for half of what they can do at the most: else latencies would be those of a queue. */
const mostBusy = 0.5;

/** The pending work beside a load. Undefined where there is nothing to load it with. */
export async function underLoad(
  request: UnderLoadRequest,
): Promise<{ readonly under: UnderLoad | undefined; readonly remarks: readonly string[] }> {
  const { url, scale, load: wanted, run } = request;
  const remarks: string[] = [];
  const made = await plannedLoad(request, remarks);
  if (made === undefined) return { under: undefined, remarks };
  const { sessions, calmMs } = wanted;
  const { application, tables, ...plan } = made;
  const perSecond = perSecondOf(wanted, application, remarks);
  await using load = await Load.open({ url, ...plan, perSecond, sessions });
  if (application === undefined) remarks.push(...(await load.rehearse()));
  load.start();
  await calm(calmMs);
  const ran = await run();
  await calm(calmMs);
  await load.stop();
  const told: RehearsedLoad = {
    from: application === undefined ? "schema" : "statements",
    sent: application && sentOf(ran, application, request.statistics.statements!, load.done),
    scale,
    perSecond,
    sessions,
    tables,
    ...besideLoad(ran, load.done),
    retries: ran.retries,
  };
  return { under: { load: told, ran, statements: load.done }, remarks };
}

interface PlannedLoad {
  readonly operations: readonly Operation[];
  readonly at: (turn: number) => Operation;
  readonly tables: number;
  readonly application?: ApplicationLoad;
}

async function plannedLoad(
  { url, load, makers, statistics, seed }: UnderLoadRequest,
  remarks: string[],
): Promise<PlannedLoad | undefined> {
  await using session = await Session.open({ url, applicationName: "lockstep/rehearse" });
  const catalog = await introspect(session);
  const { statements } = statistics;
  if (load.from !== "schema" && statements !== undefined) {
    const application = await applicationLoad({ session, catalog, makers, statements, seed });
    const { operations, at } = application;
    const tables = new Set(operations.map(({ relation }) => relation)).size;
    if (operations.length > 0) return { operations, at, tables, application };
    remarks.push(
      `none of the application's ${statements.shapes.length} statements can be sent: the load is derived from the schema${application.leftOut
        .slice(0, 3)
        .map(({ why }) => `; ${why}`)
        .join("")}`,
    );
  }
  const tables = await loadTables(session, catalog, makers);
  if (tables.length > 0) return { ...schemaLoad(tables), tables: tables.length };
  remarks.push("no load was made: no table has a primary key and rows");
  return undefined;
}

function perSecondOf(
  { perSecond, sessions }: LoadRequest,
  application: ApplicationLoad | undefined,
  remarks: string[],
): number {
  const most = (mostBusy * sessions * 1_000) / Math.max(0.01, application?.meanMs ?? 0);
  if (application === undefined || perSecond <= most) return perSecond;
  const fewer = Math.max(1, Math.floor(most));
  remarks.push(
    `the load is ${fewer} statements a second, not ${perSecond}: one takes ${application.meanMs.toFixed(1)} ms on average, and there are ${sessions} sessions`,
  );
  return fewer;
}

function sentOf(
  ran: Ran,
  { operations, leftOut }: ApplicationLoad,
  sent: SentStatements,
  done: readonly LoadStatement[],
): SentLoad {
  const { since, takenAt, shapes, leftOut: before } = sent;
  const sum = (all: readonly { readonly calls: number }[]) =>
    all.reduce((calls, one) => calls + one.calls, 0);
  const calls = sum(shapes) + sum(before);
  const seconds = since === null ? 0 : (Date.parse(takenAt) - Date.parse(since)) / 1_000;
  return {
    since,
    calls,
    sentCalls: sum(operations.map(({ shape }) => shape)),
    perSecond: seconds > 0 ? calls / seconds : null,
    statements: sentStatements(ran, operations, done),
    leftOut: [
      ...leftOut.map(({ shape, why }) => ({ sql: shape.sql, calls: shape.calls, why })),
      ...before.map((one) => ({ sql: null, calls: one.calls, why: one.why })),
    ].toSorted((a, b) => b.calls - a.calls),
    refused: done.filter(({ refusedBy }) => refusedBy !== undefined).length,
  };
}

async function calm(ms: number): Promise<void> {
  await new Promise<void>((resolve) => {
    setTimeout(resolve, ms);
  });
}
