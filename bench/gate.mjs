/**
 * The full gate on 1,000 tables / 10,000 columns / 3,000 indexes against `pg_dump --schema-only` of the same database,
 * on the major of the pg_dump that this machine has.
 * Usage: npm run bench:gate [-- --rounds 7 --tables 1000]
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { buildContract, writeContract } from "../dist/contract/index.js";
import { runGate } from "../dist/gate/index.js";
import { introspect } from "../dist/catalog/index.js";
import { startScratch } from "../dist/scratch/index.js";
import { Session } from "../dist/pg/index.js";
import { compare, report, timeProcess } from "./measure.mjs";
import { load, schemaSql } from "./schema.mjs";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "7" },
    tables: { type: "string", default: "1000" },
  },
});
const rounds = Number(values.rounds);
const major = Number(/\d+/.exec(execFileSync("pg_dump", ["--version"], { encoding: "utf8" }))[0]);
const folder = mkdtempSync(join(tmpdir(), "lockstep-bench-"));
const lockstep = fileURLToPath(new URL("../bin/lockstep.js", import.meta.url));
const scratch = await startScratch({ major });
const { url } = await scratch.createDatabase();
const session = await Session.open({ url, applicationName: "bench" });
await load(session, schemaSql(Number(values.tables)));
await session.query("ANALYZE");

const contract = await buildContract({
  source: { kind: "catalog", catalog: await introspect(session) },
  release: "bench",
  scratch,
  root: folder,
});
const file = join(folder, "lockstep.contract.json");
writeContract(file, contract);

try {
  const results = await compare(
    {
      "pg_dump --schema-only": async () =>
        timeProcess("pg_dump", ["--schema-only", "-f", join(folder, "dump.sql"), url]),
      "gate, open connection": async () => {
        const started = performance.now();
        const { open } = await runGate({
          contract,
          database: session,
          environment: "bench",
          env: {},
        });
        if (!open) throw new Error("the gate is closed");
        return performance.now() - started;
      },
      "gate, whole process": async () =>
        timeProcess(process.execPath, [lockstep, "gate", "--url", url, "--contract", file], {
          cwd: folder,
        }),
    },
    { rounds, base: "pg_dump --schema-only" },
  );
  report(`gate on ${values.tables} tables, Postgres ${major}`, results, "pg_dump");
} finally {
  await session.close();
  await scratch.close();
  rmSync(folder, { recursive: true, force: true });
}
