import { afterAll, beforeAll, expect, it } from "vitest";
import { startScratch, type Scratch } from "../../../src/scratch/index.ts";
import { carryUnderCustomers } from "./carry-under-customers.ts";

let scratch: Scratch;
beforeAll(async () => {
  scratch = await startScratch({ major: 18 });
});
afterAll(() => scratch.close());

it("a renamed column, wider keys, NOT NULL and unique constraints are deployed while people buy from both releases", async () => {
  const carried = await carryUnderCustomers(scratch, 20_000);
  const { older, newer, deploy, refusal, finish, differed, before, after, end } = carried;
  expect(deploy).toEqual({
    text: expect.stringContaining("2 probes passed"),
    verified: ["older", "newer"],
    runs: [
      "deploy older succeeded",
      "deploy newer succeeded",
      "migrate failed release-may-run",
      "migrate succeeded",
    ],
  });
  expect(older.failures).toEqual([]);
  expect(newer.failures).toEqual([]);
  expect([older.paid, newer.paid]).toEqual([older.delivered, newer.delivered]);
  expect(refusal).toEqual({
    exitCode: 1,
    text: expect.stringContaining("release older (1 instance)"),
  });
  expect(finish).toEqual({ exitCode: 0, text: expect.stringContaining("only release newer") });
  expect(differed).toBe(0);
  expect(after).toEqual(before);
  const invoices = older.invoices.size + newer.invoices.size;
  expect(end).toEqual({
    undelivered: 0,
    "sums that differ": 0,
    invoices,
    "invoices with their lines": invoices,
    columns:
      "invoice_lines.invoice_id bigint, invoice_mails.invoice_id bigint, invoices.id bigint, jobs.id bigint, orders.total_cents integer",
    "currency is required": true,
    "unique constraints of payments": 2,
    "keys to invoices": 2,
    triggers: 0,
  });
}, 600_000);
