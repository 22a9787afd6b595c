/**
 * The storefront between two releases under customers of both (test/plan/storefront), at full size:
 *
 *     node scripts/storefront-plan.mjs [--rows 2000000] [--major 18]
 *
 * Prints how long each command took and what both releases' customers saw. Ends with 1 when a call failed, a paid order
 * was not delivered, or a value is not what it was.
 */
import { isDeepStrictEqual, parseArgs } from "node:util";
import { fileURLToPath } from "node:url";
import { createJiti } from "jiti";

const { values } = parseArgs({
  options: {
    rows: { type: "string", default: "2000000" },
    major: { type: "string", default: "18" },
  },
});
const jiti = createJiti(import.meta.url);
const { startScratch } = await jiti.import("../src/scratch/index.ts");
const { carryUnderCustomers } = await jiti.import(
  fileURLToPath(new URL("../test/plan/storefront/carry-under-customers.ts", import.meta.url)),
);

const print = (text) => process.stdout.write(`${text}\n`);
const scratch = await startScratch({ major: Number(values.major) });
try {
  const carried = await carryUnderCustomers(scratch, Number(values.rows), print);
  const { older, newer, deploy, refusal, finish, differed, before, after, end } = carried;
  for (const [name, { calls, paid, delivered, invoices, failures }] of Object.entries({
    older,
    newer,
  })) {
    const slowest = calls.reduce((longest, { ms }) => Math.max(longest, ms), 0);
    print(
      `${name} release: ${calls.length} calls, the slowest ${slowest} ms; ${paid} paid, ${delivered} delivered; ${invoices.size} invoices; failures: ${JSON.stringify(failures)}`,
    );
  }
  print(`verified: ${deploy.verified.join(", ")}; runs: ${deploy.runs.join(", ")}`);
  print(finish.text);
  print(`at the end: ${JSON.stringify(end)}`);
  const isGood =
    [older, newer].every(
      ({ failures, paid, delivered }) => failures.length === 0 && paid === delivered,
    ) &&
    deploy.verified.includes("newer") &&
    refusal.exitCode === 1 &&
    finish.exitCode === 0 &&
    differed === 0 &&
    isDeepStrictEqual(before, after) &&
    end.undelivered === 0;
  print(isGood ? "as it should be" : "NOT as it should be");
  if (!isGood) process.exitCode = 1;
} finally {
  await scratch.close();
}
