import { afterAll, beforeAll, expect, it } from "vitest";
import {
  installLedger,
  ledgerVersion,
  plansInFlight,
  readLedgerVersion,
} from "../../src/ledger/index.ts";
import { Session } from "../../src/pg/index.ts";
import { startScratch, type Scratch } from "../../src/scratch/index.ts";

let scratch: Scratch;
beforeAll(async () => {
  scratch = await startScratch();
});
afterAll(() => scratch.close());

it("a ledger from before plans is brought up, and what is in it stays", async () => {
  const { url } = await scratch.createDatabase();
  await using session = await Session.open({ url, applicationName: "test" });
  expect(await plansInFlight(session)).toEqual([]);
  await installLedger(session);
  // As version 2 left it.
  await session.batch(`
    DROP TABLE lockstep.plan;
    ALTER TABLE lockstep.migration DROP CONSTRAINT migration_how_check;
    ALTER TABLE lockstep.migration ADD CONSTRAINT migration_how_check CHECK (how IN ('applied', 'resolved', 'adopted', 'baseline'));
    INSERT INTO lockstep.migration (source, id, checksum, how, fence) VALUES ('sql:m', '0001', 'x', 'applied', 1);
    UPDATE lockstep.meta SET version = 2`);
  expect(await plansInFlight(session)).toEqual([]);
  await installLedger(session);
  expect(await readLedgerVersion(session)).toBe(ledgerVersion);
  await session.query(
    "INSERT INTO lockstep.migration (source, id, checksum, how, fence) VALUES ('sql:m', '0002', 'x', 'planned', 1)",
  );
  const { rows } = await session.query("SELECT id, how FROM lockstep.migration ORDER BY id");
  expect(rows).toEqual([
    { id: "0001", how: "applied" },
    { id: "0002", how: "planned" },
  ]);
  expect(await plansInFlight(session)).toEqual([]);
});
