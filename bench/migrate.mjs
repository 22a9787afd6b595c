/**
 * 1,000 small migrations, each in its own transaction and recorded in both ledgers, against one autocommit psql session
 * over the same files and against Node runners that give each file its own transaction; then the same with nothing
 * to do. The server keeps fsync on. Usage: npm run bench:migrate [-- --rounds 5 --files 1000 --no-peers]
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Session } from "../dist/pg/index.js";
import { startScratch } from "../dist/scratch/index.js";
import { compare, report, timeProcess } from "./measure.mjs";
import { installPeers, writePeers } from "./peers.mjs";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    files: { type: "string", default: "1000" },
    peers: { type: "boolean", default: true },
  },
  allowNegative: true,
});
const rounds = Number(values.rounds);
const statements = Array.from({ length: Number(values.files) }, (_, index) =>
  index % 3 === 2
    ? `ALTER TABLE t${index - 1} ADD COLUMN extra text`
    : `CREATE TABLE t${index} (id bigint PRIMARY KEY, v text, n int NOT NULL DEFAULT 0)`,
);
const lockstep = fileURLToPath(new URL("../bin/lockstep.js", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "lockstep-bench-"));
const scratch = await startScratch({ major: 18, durable: true });

try {
  const drizzle = join(folder, "drizzle");
  mkdirSync(join(drizzle, "meta"), { recursive: true });
  const entries = statements.map((sql, idx) => {
    const tag = `${String(idx).padStart(4, "0")}_m`;
    writeFileSync(join(drizzle, `${tag}.sql`), `${sql};\n`);
    return { idx, version: "7", when: 1_700_000_000_000 + idx * 1_000, tag, breakpoints: true };
  });
  const journal = { version: "7", dialect: "postgresql", entries };
  writeFileSync(join(drizzle, "meta", "_journal.json"), JSON.stringify(journal));
  const files = entries.flatMap(({ tag }) => ["-f", join(drizzle, `${tag}.sql`)]);

  const expected = statements.filter((sql) => sql.startsWith("CREATE TABLE")).length;
  const fresh = (start) => async () => {
    const database = await scratch.createDatabase();
    const ms = start(database.url);
    await verify(database.url, expected);
    await database.drop();
    return ms;
  };
  const peers = values.peers ? (installPeers(folder), writePeers(folder, statements)) : {};
  const contenders = {
    psql: (url) => timeProcess("psql", ["-X", "-q", "-v", "ON_ERROR_STOP=1", ...files, url]),
    lockstep: (url) =>
      timeProcess(process.execPath, [lockstep, "migrate", "--url", url, "--folder", drizzle], {
        cwd: folder,
      }),
    ...Object.fromEntries(
      Object.entries(peers).map(([name, [command, args]]) => [
        name,
        (url) =>
          timeProcess(command, args, { cwd: folder, env: { ...process.env, DATABASE_URL: url } }),
      ]),
    ),
  };
  const apply = Object.fromEntries(
    Object.entries(contenders).map(([name, run]) => [name, fresh(run)]),
  );
  report(
    `apply ${statements.length} migrations`,
    await compare(apply, { rounds, base: "psql" }),
    "psql",
  );

  const ready = {};
  for (const [name, run] of Object.entries(contenders)) {
    if (name === "psql") continue;
    const { url } = await scratch.createDatabase();
    run(url);
    ready[name] = async () => run(url);
  }
  ready["node -e 0"] = async () => timeProcess(process.execPath, ["-e", "0"]);
  report("nothing to do", await compare(ready, { rounds, base: "lockstep" }), "lockstep");
} finally {
  await scratch.close();
  rmSync(folder, { recursive: true, force: true });
}

/** A runner that ends well and did nothing would be the fastest of all. */
async function verify(url, expected) {
  const session = await Session.open({ url, applicationName: "bench" });
  const { rows } = await session.query(
    "SELECT count(*)::int AS made FROM pg_tables WHERE schemaname = 'public' AND tablename ~ '^t[0-9]+$'",
  );
  await session.close();
  if (rows[0].made !== expected) throw new Error(`${rows[0].made} of ${expected} tables were made`);
}
