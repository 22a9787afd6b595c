/**
 * Estimates against what really happens: hazardous operations, each a migration of its own, are rehearsed on clones of at most
 * 5 % of the rows, and then run on the whole. A line tells whether the real duration lies in the range.
 * Usage: npm run --silent build && node bench/estimates.mjs [--rows 1000000,5000000 --scales 0.0125,0.05 --out estimates.md]
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { readServerSizes } from "../dist/clone/index.js";
import { readStatistics } from "../dist/effects/index.js";
import { rehearse } from "../dist/rehearse/index.js";
import { ProcessorWaits } from "../dist/rehearse/processor-waits.js";
import { StepLog } from "../dist/rehearse/steps.js";
import { migrate } from "../dist/runner/index.js";
import { startScratch } from "../dist/scratch/index.js";
import { readMigrations } from "../dist/tools/index.js";
import { withSession } from "./with-session.mjs";

const { values } = parseArgs({
  options: {
    rows: { type: "string", default: "1000000" },
    scales: { type: "string", default: "0.0125,0.05" },
    rounds: { type: "string", default: "1" },
    out: { type: "string" },
    raw: { type: "string" },
  },
});

const schema = `
CREATE TABLE account (id bigint PRIMARY KEY, name text NOT NULL, state text NOT NULL, created timestamptz NOT NULL);
CREATE TABLE entry (id bigint PRIMARY KEY, account_id bigint NOT NULL, kind text NOT NULL, amount integer NOT NULL, price numeric(12,2) NOT NULL, note text, code varchar(40) NOT NULL, ok boolean, seen timestamp, at timestamptz NOT NULL, facts jsonb NOT NULL);
CREATE INDEX entry_at ON entry (at);
CREATE TABLE narrow (id integer PRIMARY KEY, account_id bigint, word text);
`;

/** Each alone in its file; later ones find what earlier ones have left, on the clones as on the whole. */
const operations = [
  "CREATE INDEX entry_account ON entry (account_id)",
  "CREATE INDEX CONCURRENTLY entry_kind ON entry (kind)",
  "CREATE INDEX entry_note ON entry (lower(note))",
  "CREATE INDEX entry_open ON entry (at) WHERE ok",
  "CREATE INDEX entry_facts ON entry USING gin (facts)",
  "CREATE INDEX entry_brin ON entry USING brin (at)",
  "CREATE UNIQUE INDEX CONCURRENTLY narrow_key ON narrow (id, account_id)",
  "CREATE INDEX entry_code_hash ON entry USING hash (code)",
  "ALTER TABLE entry ALTER COLUMN amount TYPE bigint",
  "ALTER TABLE entry ALTER COLUMN price TYPE numeric(14,4)",
  "ALTER TABLE entry ALTER COLUMN code TYPE varchar(80)",
  "ALTER TABLE entry ALTER COLUMN code TYPE varchar(60)",
  "ALTER TABLE entry ALTER COLUMN seen TYPE timestamptz USING seen AT TIME ZONE 'UTC'",
  "ALTER TABLE narrow ALTER COLUMN id TYPE bigint",
  "ALTER TABLE narrow ALTER COLUMN word TYPE varchar(100)",
  "ALTER TABLE entry ADD COLUMN token uuid DEFAULT gen_random_uuid()",
  "ALTER TABLE entry ADD COLUMN flag boolean NOT NULL DEFAULT false",
  "ALTER TABLE narrow ADD COLUMN number bigserial",
  "ALTER TABLE entry ADD COLUMN total numeric GENERATED ALWAYS AS (amount * price) STORED",
  "ALTER TABLE entry ADD CONSTRAINT entry_amount CHECK (amount > -1000000000)",
  "ALTER TABLE entry ADD CONSTRAINT entry_price CHECK (price > -1000000000) NOT VALID",
  "ALTER TABLE entry VALIDATE CONSTRAINT entry_price",
  "ALTER TABLE entry ADD CONSTRAINT entry_account_fk FOREIGN KEY (account_id) REFERENCES account",
  "ALTER TABLE narrow ADD CONSTRAINT narrow_account_fk FOREIGN KEY (account_id) REFERENCES account NOT VALID",
  "ALTER TABLE narrow VALIDATE CONSTRAINT narrow_account_fk",
  "ALTER TABLE entry ALTER COLUMN token SET NOT NULL",
  "ALTER TABLE entry ADD CONSTRAINT entry_token UNIQUE (token)",
  "UPDATE entry SET flag = true WHERE kind IS NOT NULL",
  "UPDATE narrow SET word = upper(word)",
  "DELETE FROM entry WHERE id % 10 = 0",
  "INSERT INTO narrow (id, account_id, word) SELECT -id - 1, account_id, 'copied' FROM narrow",
  "CREATE TABLE archive AS SELECT * FROM entry",
  "CREATE MATERIALIZED VIEW sums AS SELECT account_id, sum(amount) AS total FROM entry GROUP BY 1",
  "CLUSTER entry USING entry_at",
  "REINDEX TABLE narrow",
  "ALTER TABLE entry DROP COLUMN facts",
  "VACUUM FULL entry",
];

const fill = (rows) => `
INSERT INTO account SELECT n, 'account ' || n, (ARRAY['open', 'closed'])[1 + n % 2], now() - n * interval '1 minute' FROM generate_series(1, ${rows / 20}) n;
INSERT INTO entry SELECT n, 1 + (n::bigint * 7919) % ${rows / 20}, (ARRAY['in', 'out', 'move'])[1 + n % 3], n % 90000, n % 5000 / 7.0, CASE WHEN n % 3 > 0 THEN md5(n::text) END, md5((n * 3)::text), n % 5 = 0, now() - n * interval '1 second', now() - n * interval '1 second', jsonb_build_object('n', md5(n::text)) FROM generate_series(1::bigint, ${rows}) n;
INSERT INTO narrow SELECT n, 1 + n % ${rows / 20}, md5(n::text) FROM generate_series(1, ${rows / 2}) n;
VACUUM ANALYZE account, entry, narrow`;

const lines = [];
const raw = [];
const say = (line) => {
  lines.push(line);
  process.stdout.write(`${line}\n`);
};
for (const rows of values.rows.split(",").map(Number)) await oneSize(rows);
if (values.out !== undefined) writeFileSync(values.out, `${lines.join("\n")}\n`);
if (values.raw !== undefined) writeFileSync(values.raw, JSON.stringify(raw));

async function oneSize(rows) {
  const folder = mkdtempSync(join(tmpdir(), "lockstep-bench-"));
  const file = (name, sql) => writeFileSync(join(folder, "migrations", `${name}.sql`), `${sql};\n`);
  mkdirSync(join(folder, "migrations"));
  file("0000_schema", schema.trim().replace(/;$/, ""));
  const readFolder = () => readMigrations({ folder: "migrations", cwd: folder });
  const scratch = await startScratch({
    major: 18,
    durable: true,
    // As Postgres has it by default: embedded servers have less, for their files of WAL are smaller.
    settings: { max_wal_size: "1GB" },
  });
  try {
    const source = await scratch.createDatabase();
    await migrate({ url: source.url, folder: await readFolder(), emit: () => {} });
    for (const statement of fill(rows).split(";\n"))
      await withSession(source.url, (session) => session.query(statement));
    const statistics = await withSession(source.url, async (session) => ({
      ...(await readStatistics(session)),
      server: await readServerSizes(session),
    }));
    for (const [index, sql] of operations.entries())
      file(`${String(index + 1).padStart(4, "0")}_operation`, sql);
    const states = [];
    const before = () => states.push(loadavg()[0].toFixed(1));
    before();
    const told = await rehearse({
      folder: await readFolder(),
      cwd: folder,
      applied: new Set(["0000_schema"]),
      plans: [],
      statistics,
      scales: values.scales.split(",").map(Number),
      seed: 1,
      major: 18,
      scratchUrl: undefined,
      runner: {},
      load: undefined,
    });
    if (told.failure !== undefined) throw new Error(JSON.stringify(told.failure));
    const rounds = [];
    for (let round = 0; round < Number(values.rounds); round++) {
      before();
      const whole = await scratch.createDatabase({ template: source.name });
      const log = new StepLog(new ProcessorWaits(whole.name));
      await migrate({
        url: whole.url,
        folder: await readFolder(),
        emit: log.emit,
        options: { statementTimeoutMs: 86_400_000 },
      });
      await whole.drop();
      rounds.push(new Map(log.steps().map((step) => [step.statement.migration, step])));
    }
    before();
    report(rows, told, rounds, states);
  } finally {
    await scratch.close();
    rmSync(folder, { recursive: true });
  }
}

function report(rows, { statements }, rounds, states) {
  raw.push({
    rows,
    states,
    statements: statements.map((one) => ({
      ...one,
      real: rounds.map((real) => real.get(one.migration).workMs),
      clock: rounds.map((real) => real.get(one.migration).ms),
    })),
  });
  say(`\n## ${rows.toLocaleString("en-US")} rows\n`);
  say(
    `From ${values.scales
      .split(",")
      .map((scale) => `${Number(scale) * 100} %`)
      .join(" and ")} of them; ${cpus().length} processors, load averages ${states.join(", ")}.\n`,
  );
  say("| operation | least | likely | most | real | by the clock | inside |");
  say("| --- | ---: | ---: | ---: | ---: | ---: | --- |");
  let [inside, onClock, all, widest] = [0, 0, 0, 1];
  for (const { migration, sql, estimate } of statements) {
    const steps = rounds.map((real) => real.get(migration));
    const [least, likely, most] = [estimate.leastMs, estimate.likelyMs, estimate.mostMs];
    const isIn = (value) => value >= least && value <= most;
    const misses = steps.filter(({ workMs }) => !isIn(workMs));
    all += steps.length;
    inside += steps.length - misses.length;
    onClock += steps.filter((step) => isIn(step.ms)).length;
    if (least > 0) widest = Math.max(widest, most / least);
    const factor = misses.map(({ workMs }) => `${(workMs / likely).toFixed(2)} ×`).join(", ");
    const cells = [
      ...[least, likely, most].map(ms),
      steps.map((step) => ms(step.workMs)).join(", "),
      steps.map((step) => ms(step.ms)).join(", "),
      misses.length === 0 ? "yes" : `**no**, ${factor} the likely`,
    ];
    say(`| ${sql.replaceAll("|", "\\|")} | ${cells.join(" | ")} |`);
  }
  const percent = (count) => `${count} of ${all} (${((count / all) * 100).toFixed(0)} %)`;
  say(
    `\n${percent(inside)} inside, goal 90 %; by the clock of this busy machine ${percent(onClock)}; the widest range ${widest.toFixed(1)} ×, goal 4`,
  );
}

function ms(value) {
  return value < 100 ? `${value.toFixed(value < 10 ? 1 : 0)} ms` : `${Math.round(value)} ms`;
}
