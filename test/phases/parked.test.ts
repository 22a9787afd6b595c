import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { diff, introspect } from "../../src/catalog/index.ts";
import { readPlanRow } from "../../src/ledger/index.ts";
import { contract, readParked } from "../../src/phases/index.ts";
import { requireNothingParked } from "../../src/phases/parked.ts";
import { runPhase } from "../../src/phases/run-phase.ts";
import { Session } from "../../src/pg/index.ts";
import { startScratch, type Scratch } from "../../src/scratch/index.ts";
import { runCli } from "../cli/run-cli.ts";
import { failureOf } from "../support/failure.ts";
import { project, type Project } from "./support.ts";
import { parkedNaive } from "./parked-case.ts";

const base = `
CREATE TABLE person (id integer PRIMARY KEY, code text, note text);
INSERT INTO person SELECT n, n::text FROM generate_series(1, 20) n;
`;

describe.each([14, 18])("values that are parked, on Postgres %i", (major) => {
  let scratch: Scratch;
  let tried: Project;
  let url: string;
  let session: Session;
  beforeAll(async () => {
    scratch = await startScratch({ major });
    tried = await project(scratch, { base, naive: parkedNaive });
  }, 120_000);
  afterAll(async () => {
    tried[Symbol.dispose]();
    await scratch.close();
  });
  beforeEach(async () => {
    url = await tried.database();
    session = await Session.open({ url, applicationName: "parked" });
    await session.query("INSERT INTO person VALUES (21, 'abc'), (22, NULL)");
    return () => session.close();
  });

  const go = async (phase: "expand" | "backfill" | "contract" | "abort") =>
    runPhase({ url, plan: tried.plan, phase, carries: tried.carries, emit: () => {} });

  const row = async (id: number) => {
    const { rows } = await session.query(
      "SELECT code, number, lockstep_p1_parked AS parked FROM person WHERE id = $1",
      [id],
    );
    return rows[0];
  };

  it("an old row, and what the old release writes, goes through and is named until it is right", async () => {
    await go("expand");
    await session.query("INSERT INTO person (id, code) VALUES (30, 'x30'), (31, '31')");
    await session.batch("COPY person (id, code) FROM STDIN", ["32\tx32\n"]);
    await session.query("UPDATE person SET code = 'x1' WHERE id = 1");
    await session.query("UPDATE person SET note = 'other' WHERE id = 30");
    expect(await row(31)).toEqual({ code: "31", number: 31, parked: null });
    for (const id of [30, 32, 1])
      expect(await row(id)).toMatchObject({
        code: `x${id}`,
        number: null,
        parked: { number: { sqlstate: "22P02", error: expect.stringContaining(`"x${id}"`) } },
      });
    expect(await go("backfill")).toMatchObject({ phase: "ready" });
    const parked = await readParked(session, ["p1"]);
    expect(parked).toMatchObject([{ plan: "p1", table: "public.person", rows: 4 }]);
    expect(parked[0]!.first.map(({ key }) => key)).toEqual([
      { id: 1 },
      { id: 21 },
      { id: 30 },
      { id: 32 },
    ]);

    const status = async (...format: string[]) =>
      runCli(["status", "--url", url, "--no-drift", ...format], { cwd: tried.root.path });
    const shown = await status();
    expect([shown.exitCode, shown.stdout.replaceAll(/\s+/g, " ")]).toEqual([
      0,
      expect.stringContaining(
        " 4 rows of public.person hold a parked value: lockstep backfill status names them; ",
      ),
    ]);
    expect(JSON.parse((await status("--json")).stdout)).toMatchObject({
      plans: [{ id: "p1", phase: "ready" }],
      parked: [{ plan: "p1", table: "public.person", rows: 4 }],
    });

    // Put right by the old release, by the new one, and gone.
    await session.query("UPDATE person SET code = '1' WHERE id = 1");
    await session.query("UPDATE person SET number = 5 WHERE id = 21");
    await session.query("DELETE FROM person WHERE id = 30");
    expect(await row(1)).toEqual({ code: "1", number: 1, parked: null });
    expect(await row(21)).toEqual({ code: "5", number: 5, parked: null });
    expect(await failureOf(() => requireNothingParked(session, "p1", undefined))).toMatchObject({
      code: "values-parked",
      found: expect.stringMatching(/^public\.person, id 32: number: .*\(22P02\)$/),
    });
    await session.query("UPDATE person SET code = NULL WHERE id = 32");
    expect(await requireNothingParked(session, "p1", undefined)).toBeUndefined();
    expect(await readParked(session, ["p1"])).toEqual([]);
    await go("contract");
    expect(await diff(tried.goal, await introspect(session), { columnOrder: false })).toEqual([]);
  }, 60_000);

  it("a statement that gives both forms keeps what it gives, and the refused one is named", async () => {
    await go("expand");
    await session.query(
      "INSERT INTO person (id, code, number) VALUES (40, 'x', 4), (41, 'x', NULL)",
    );
    expect(await row(40)).toEqual({ code: "4", number: 4, parked: null });
    expect(await row(41)).toMatchObject({ code: "x", number: null, parked: { number: {} } });
    await session.query("UPDATE person SET code = 'y', number = 2 WHERE id = 41");
    expect(await row(41)).toEqual({ code: "2", number: 2, parked: null });
  }, 60_000);

  it("an abort gives them back as they were", async () => {
    await go("expand");
    await session.query("INSERT INTO person (id, code) VALUES (30, 'x30')");
    await go("backfill");
    await go("abort");
    expect(await diff(tried.start, await introspect(session), { columnOrder: false })).toEqual([]);
    const { rows } = await session.query(
      "SELECT code FROM person WHERE id IN (21, 30) ORDER BY id",
    );
    expect(rows).toEqual([{ code: "abc" }, { code: "x30" }]);
  }, 60_000);

  it("what is parked behind the look before the contract phase stops it too, and nothing is changed", async () => {
    await go("expand");
    await session.query("UPDATE person SET code = '21' WHERE id = 21");
    await go("backfill");
    const ready = await introspect(session);
    await using late = await Session.open({ url, applicationName: "late" });
    await late.query("BEGIN");
    await late.query("UPDATE person SET code = 'late' WHERE id = 3");
    const failure = failureOf(async () =>
      contract({
        url,
        folder: tried.migrations,
        plans: [tried.plan],
        plan: "p1",
        environment: "test",
        instanceTtlMs: 60_000,
        quietMs: 300,
        consent: "Ada: no old release is left",
        emit: () => {},
      }),
    );
    await waiting(session);
    await late.query("COMMIT");
    expect(await failure).toMatchObject({
      code: "values-parked",
      found: expect.stringMatching(/^public\.person, id 3: number: .*"late".*\(22P02\)$/),
    });
    expect(await diff(ready, await introspect(session))).toEqual([]);
    expect((await readPlanRow(session, "p1"))?.phase).toBe("ready");
    expect(await row(3)).toMatchObject({ code: "late", number: null });
    await session.query("UPDATE person SET code = '3' WHERE id = 3");
    expect(await go("contract")).toMatchObject({ phase: "finished" });
    const { rows } = await session.query("SELECT number FROM person WHERE id = 3");
    expect(rows).toEqual([{ number: 3 }]);
  }, 60_000);

  it("a person can answer for the loss", async () => {
    await go("expand");
    await go("backfill");
    const accepted = await requireNothingParked(session, "p1", "Ada: nobody needs it");
    expect((await failureOf(async () => go("contract"))).code).toBe("values-parked");
    expect(accepted).toMatchObject({
      consent: { name: "Ada", reason: "nobody needs it" },
      rows: [{ rows: 1, first: [{ key: { id: 21 } }] }],
    });
    const { plan, carries } = tried;
    await runPhase({ url, plan, phase: "contract", carries, accepted, emit: () => {} });
    const { rows } = await session.query("SELECT number FROM person WHERE id = 21");
    expect(rows).toEqual([{ number: null }]);
  }, 60_000);
});

/** Until somebody waits for the table. */
async function waiting(session: Session): Promise<void> {
  for (;;) {
    const { rows } = await session.query(
      "SELECT FROM pg_locks WHERE relation = 'person'::regclass AND NOT granted",
    );
    if (rows.length > 0) return;
    await sleep(10);
  }
}

const refused: readonly (readonly [string, string])[] = [
  ["park number", "ALTER TABLE person ADD COLUMN number integer NOT NULL DEFAULT 0"],
  ["park code", "ALTER TABLE person ADD COLUMN number integer"],
  ["park a, b", "ALTER TABLE person ADD COLUMN number integer"],
];

it.each(refused)(
  "is refused: %s before %s",
  async (line, add) => {
    await using scratch = await startScratch({ major: 18 });
    const text = `-- lockstep: ${line}\n-- lockstep: code = number::text\n${add};\nUPDATE person SET number = code::integer;\nALTER TABLE person DROP COLUMN code;`;
    expect(await failureOf(() => project(scratch, { base, naive: text }))).toMatchObject({
      code: "plan-expression",
    });
  },
  60_000,
);
