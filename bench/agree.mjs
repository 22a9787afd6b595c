/**
 * `lockstep check` of a whole project: the Prisma schema, its migrations and the database, all of which agree, against psql that applies
 * the same migrations to an empty database, which whoever replays them each time has to do at least (`prisma migrate diff` does). Warm:
 * the first run has kept what the migrations make. `prisma` itself needs a download that no registry holds.
 * Usage: npm run bench:agree -- [--rounds 5 --migrations 400]
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { startScratch } from "../dist/scratch/index.js";
import { compare, report, timeProcess } from "./measure.mjs";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    migrations: { type: "string", default: "400" },
  },
});
const lockstep = fileURLToPath(new URL("../bin/lockstep.js", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "lockstep-bench-"));
const write = (path, text) => {
  mkdirSync(join(folder, path, ".."), { recursive: true });
  writeFileSync(join(folder, path), text);
};

/** Of each model: the table, two columns more, an index, a foreign key to the model before it. */
function project(count) {
  const steps = [
    (name) =>
      `CREATE TABLE "${name}" ("id" SERIAL NOT NULL, "name" TEXT NOT NULL, "at" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP, CONSTRAINT "${name}_pkey" PRIMARY KEY ("id"));`,
    (name) =>
      `ALTER TABLE "${name}" ADD COLUMN "amount" DECIMAL(65,30) NOT NULL DEFAULT 0, ADD COLUMN "before_id" INTEGER;`,
    (name) => `CREATE INDEX "${name}_name_at_idx" ON "${name}"("name", "at");`,
    (name, before) =>
      `ALTER TABLE "${name}" ADD CONSTRAINT "${name}_before_id_fkey" FOREIGN KEY ("before_id") REFERENCES "${before}"("id") ON DELETE SET NULL ON UPDATE CASCADE;`,
  ];
  const models = Array.from({ length: count / steps.length }, (_, at) => `Model${at}`);
  const migrations = models.flatMap((name, at) =>
    steps.map((step) => step(name, models[Math.max(0, at - 1)])),
  );
  const schema = models.map((name, at) => {
    const before = models[Math.max(0, at - 1)];
    const after = at === 0 ? [name, models[1]] : [models[at + 1]];
    const lists = after.flatMap((one) =>
      one === undefined ? [] : [`  after${one} ${one}[] @relation("${one}")`],
    );
    return `model ${name} {
  id Int @id @default(autoincrement())
  name String
  at DateTime @default(now())
  amount Decimal @default(0)
  before_id Int?
  before ${before}? @relation("${name}", fields: [before_id], references: [id])
${lists.join("\n")}
  @@index([name, at])
}`;
  });
  return { migrations, schema };
}

const { migrations, schema } = project(Number(values.migrations));
const files = migrations.map((sql, at) => {
  const file = `prisma/migrations/${20_200_101_000_000 + at}_m/migration.sql`;
  write(file, `${sql}\n`);
  return join(folder, file);
});
write("prisma/migrations/migration_lock.toml", 'provider = "postgresql"\n');
write(
  "prisma/schema.prisma",
  ['datasource db {\n  provider = "postgresql"\n}', ...schema].join("\n\n"),
);
write(
  "lockstep.config.mjs",
  'export default { migrations: { folder: "prisma/migrations" }, contract: { prisma: "prisma/schema.prisma" } };\n',
);
write("package.json", "{}");

const scratch = await startScratch({ major: 18 });
try {
  const { url } = await scratch.createDatabase();
  const run = (...args) => timeProcess(process.execPath, [lockstep, ...args], { cwd: folder });
  run("migrate", "--url", url);
  const cold = run("check", "--url", url);
  const results = await compare(
    {
      "psql, all migrations": async () => {
        const empty = await scratch.createDatabase();
        const args = [
          "-X",
          "-q",
          "-v",
          "ON_ERROR_STOP=1",
          ...files.flatMap((file) => ["-f", file]),
        ];
        const ms = timeProcess("psql", [...args, empty.url]);
        await empty.drop();
        return ms;
      },
      "lockstep check, warm": async () => run("check", "--url", url),
    },
    { rounds: Number(values.rounds), base: "psql, all migrations" },
  );
  const load = loadavg().map((one) => one.toFixed(1));
  report(
    `check of ${files.length} Prisma migrations, ${schema.length} models, Postgres 18; the first time ${cold.toFixed(0)} ms; load averages ${load.join(", ")}`,
    results,
    "psql",
  );
} finally {
  await scratch.close();
  rmSync(folder, { recursive: true, force: true });
}
