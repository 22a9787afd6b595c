import { afterAll, beforeAll, expect, it } from "vitest";
import { Session } from "../../src/pg/index.ts";
import { startScratch, type Scratch } from "../../src/scratch/index.ts";
import { look } from "../../src/window/index.ts";
import { Product, confirmed, shop, v1, v2 } from "../deploy/product.ts";

let scratch: Scratch;
beforeAll(async () => {
  scratch = await startScratch();
});
afterAll(() => scratch.close());

/** Hours from now on, by the clock of UTC. */
function hours(from: number, to: number): string {
  const time = (hour: number) =>
    new Date(Date.now() + hour * 3_600_000).toISOString().slice("2026-11-22T".length, -8);
  return `${time(from)}-${time(to)}`;
}

const closed = ["--window", hours(2, 3), "--window-wait", "0"];
const risky = "UPDATE orders SET note = 'x';";

it("a deploy begins what is risky in its window only, and what is harmless at any time", async () => {
  await using product = await Product.withV1(scratch);
  product.write({ migrations: { "0002_confirmed.sql": confirmed }, contract: v2 });
  const harmless = await product.run(["deploy", "--release", "v2", ...closed]);
  expect([harmless.exitCode, harmless.stderr]).toEqual([
    0,
    expect.stringContaining("nothing that is pending is risky"),
  ]);
  product.write({ migrations: { "0003_notes.sql": risky } });
  const late = await product.run(["deploy", "--release", "v3", ...closed]);
  expect([late.exitCode, late.stderr]).toEqual([
    3,
    expect.stringContaining("error[window-closed]"),
  ]);
  expect(late.stderr).toContain("0003_notes is not harmless, line 1");
  expect(late.stderr).toContain("the deploy stopped before its first change");
  const words = ["--release", "v3", "--window", `${hours(-1, 1)} Etc/UTC`];
  const { exitCode, stderr } = await product.run(["deploy", ...words]);
  expect([exitCode, stderr]).toEqual([0, expect.stringContaining("open: it is")]);
  expect(
    await product.ask(
      "SELECT outcome, detail->>'window' LIKE 'it is __:__ Etc/UTC' AS open FROM lockstep.run WHERE release = 'v3' ORDER BY started_at",
    ),
  ).toEqual([
    { outcome: "failed", open: null },
    { outcome: "succeeded", open: true },
  ]);
});

it("migrate waits as well; at a person's word it does not, and that is recorded", async () => {
  await using product = await Product.make(scratch, {
    migrations: { "0001_shop.sql": shop, "0002_notes.sql": risky },
    contract: v1,
    deploy: { window: hours(2, 3), windowWaitMs: 0 },
  });
  const late = await product.run(["migrate"]);
  expect([late.exitCode, late.stderr]).toEqual([
    3,
    expect.stringContaining("error[window-closed]"),
  ]);
  expect(await product.ask("SELECT id FROM lockstep.migration")).toEqual([{ id: "0001_shop" }]);
  const strange = await product.run(["migrate", "--window", "02:00-05:00 Nowhere/Town"]);
  expect([strange.exitCode, strange.stderr]).toEqual([
    2,
    expect.stringContaining("no such time zone"),
  ]);
  expect((await product.run(["migrate", "--without-window", "it is down anyway"])).exitCode).toBe(
    0,
  );
  expect(
    await product.ask(
      "SELECT command, detail->>'withoutWindow' AS why FROM lockstep.run WHERE detail IS NOT NULL",
    ),
  ).toEqual([{ command: "migrate", why: "it is down anyway" }]);
});

it("migrate holds the first risky migration and what follows it; what is harmless in front goes on", async () => {
  await using product = await Product.make(scratch, {
    migrations: {
      "0001_shop.sql": shop,
      "0002_confirmed.sql": confirmed,
      "0003_notes.sql": risky,
      "0004_late.sql": "CREATE TABLE late ();",
    },
    contract: v1,
  });
  const args = ["migrate", ...closed];
  // The snapshot is to be of the time before everything.
  const whole = await product.run([...args, "--snapshot"]);
  expect([whole.exitCode, await product.columns()]).toEqual([3, []]);
  expect(whole.stderr).not.toContain("applied meanwhile");
  const { exitCode, stderr } = await product.run(args);
  expect([exitCode, stderr]).toEqual([3, expect.stringContaining("error[window-closed]")]);
  expect(stderr).toContain("applied meanwhile, for it is harmless: 0001_shop, 0002_confirmed");
  expect(await product.columns()).toContain("confirmed_at");
  expect(await product.ask("SELECT to_regclass('late') AS late")).toEqual([{ late: null }]);
  expect(
    await product.ask("SELECT command, outcome FROM lockstep.run WHERE outcome <> 'running'"),
  ).toEqual([{ command: "migrate", outcome: "succeeded" }]);
  // Nothing harmless is in front any more.
  expect((await product.run(args)).stderr).not.toContain("applied meanwhile");
  const open = await product.run(["migrate", "--window", hours(-1, 1), "--json"]);
  expect(open.exitCode).toBe(0);
  const { applied } = JSON.parse(open.stdout) as { applied: readonly { id: string }[] };
  expect(applied.map(({ id }) => id)).toEqual(["0003_notes", "0004_late"]);
});

it("a look reads the server's clock and what it counts", async () => {
  const { url } = await scratch.createDatabase();
  await using session = await Session.open({ url, applicationName: "test" });
  const { at, minutes, transactions, waiting } = await look(session, ["UTC", "Asia/Kolkata"]);
  const since = Math.floor((at / 60_000) % (24 * 60));
  expect(minutes.get("UTC")).toBe(since);
  expect((minutes.get("Asia/Kolkata")! - since + 24 * 60) % (24 * 60)).toBe(5 * 60 + 30);
  expect([typeof transactions, waiting]).toEqual(["number", 0]);
  // That somebody waits is seen by a role that may not see what others' sessions do, too.
  await session.batch("CREATE TABLE t (); CREATE ROLE onlooker");
  await session.batch("BEGIN; LOCK TABLE t");
  await using waiter = await Session.open({ url, applicationName: "waiter" });
  const asked = waiter.query("SELECT FROM t");
  await using onlooker = await Session.open({ url, applicationName: "onlooker" });
  await onlooker.batch("SET ROLE onlooker");
  await expect.poll(async () => (await look(onlooker, [])).waiting).toBe(1);
  await session.query("ROLLBACK");
  await asked;
});
