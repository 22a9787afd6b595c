import { afterAll, beforeAll, expect, it } from "vitest";
import { Session } from "../../src/pg/index.ts";
import { startScratch, type Scratch } from "../../src/scratch/index.ts";
import { runCli } from "../cli/run-cli.ts";
import { temporaryFolder } from "../support/folder.ts";
import { checked } from "./checked.ts";

let server: Scratch;
beforeAll(async () => {
  server = await startScratch();
});
afterAll(() => server.close());

const project = {
  "lockstep.config.json":
    '{ "migrations": { "folder": "prisma/migrations" }, "contract": { "prisma": true } }',
  "prisma/migrations/migration_lock.toml": 'provider = "postgresql"\n',
  "prisma/schema.prisma": `datasource db {
  provider = "postgresql"
}
enum Kind {
  b
  a
}
model User {
  id    Int      @id @default(autoincrement())
  email String
  nick  String?
  tags  String[] @default([])
  kind  Kind     @default(a)
  posts Post[]
}
model Post {
  id    Int    @id @default(autoincrement())
  users User[]
}
`,
  // Made by hand and by an older Prisma: what its schema cannot say, or does not care for, is no difference.
  "prisma/migrations/20240101000000_init/migration.sql": `
CREATE TYPE "Kind" AS ENUM ('a', 'b');
CREATE TABLE "User" ("id" SERIAL PRIMARY KEY, "email" TEXT NOT NULL, "nick" TEXT, "tags" TEXT[] NOT NULL DEFAULT '{}', "kind" "Kind" NOT NULL DEFAULT 'a');
CREATE TABLE "Post" ("id" SERIAL PRIMARY KEY);
CREATE TABLE "_PostToUser" ("A" INTEGER NOT NULL REFERENCES "Post" ON DELETE CASCADE ON UPDATE CASCADE, "B" INTEGER NOT NULL REFERENCES "User" ON DELETE CASCADE ON UPDATE CASCADE);
CREATE UNIQUE INDEX "_PostToUser_AB_unique" ON "_PostToUser" ("A", "B");
CREATE INDEX "_PostToUser_B_index" ON "_PostToUser" ("B");
CREATE UNIQUE INDEX "User_lower_email" ON "User" (lower("email"));
CREATE UNIQUE INDEX "User_nick_of_a" ON "User" ("nick") WHERE "kind" = 'a';
ALTER TABLE "User" ADD CONSTRAINT "email_filled" CHECK ("email" <> '');
`,
};

const args = () => ["--scratch-url", server.url, "--no-pipeline", "--all"];

it("says nothing where a Prisma schema and its migrations agree", async () => {
  using folder = temporaryFolder(project);
  const { report } = await checked(folder, ...args());
  expect(report.findings.filter(({ docs }) => docs.includes("three-must-agree"))).toMatchObject([
    // What newer versions of Prisma make of an implicit relation; nothing breaks without it.
    {
      rule: "schema-without-migration",
      severity: "info",
      message: expect.stringContaining("_AB_pkey"),
    },
  ]);
});

it("tells what changed in a Prisma schema and in no migration, with its line", async () => {
  using folder = temporaryFolder({
    ...project,
    "prisma/schema.prisma": project["prisma/schema.prisma"]
      .replace("  nick  String?\n", "  nick  String?\n  age   Int?\n")
      .replace("  a\n}", "  a\n  c\n}"),
  });
  folder.write(
    "prisma/migrations/20240102000000_unique/migration.sql",
    'CREATE UNIQUE INDEX "User_email_key" ON "User" ("email");',
  );
  const { report, exitCode } = await checked(folder, ...args());
  expect(exitCode).toBe(1);
  const found = report.findings.filter(
    ({ docs, severity }) => docs.includes("three-must-agree") && severity !== "info",
  );
  expect(found).toMatchObject([
    { rule: "schema-without-migration", severity: "error", file: "prisma/schema.prisma", line: 7 },
    { rule: "migration-without-schema", severity: "warning", line: 11 },
    { rule: "schema-without-migration", severity: "error", line: 13 },
  ]);
  expect(found[1]!.message).toContain(
    "20240102000000_unique makes it (prisma/migrations/20240102000000_unique/migration.sql:1)",
  );
  expect(JSON.stringify(found[0])).toContain("npx prisma migrate dev --create-only");
});

it("builds a contract from it, and the gate names what the database lacks", async () => {
  using folder = temporaryFolder(project);
  const database = await server.createDatabase();
  await using session = await Session.open({ url: database.url, applicationName: "test" });
  await session.batch(project["prisma/migrations/20240101000000_init/migration.sql"]);
  const gate = () =>
    runCli(
      ["gate", "--json", "--release", "r1", "--scratch-url", server.url, "--url", database.url],
      {
        cwd: folder.path,
        env: { PATH: process.env["PATH"] },
      },
    );
  expect(await gate()).toMatchObject({
    exitCode: 0,
    stdout: expect.stringContaining('"open": true'),
  });
  await session.query('ALTER TABLE "User" DROP COLUMN "nick" CASCADE');
  const { exitCode, stdout } = await gate();
  expect(exitCode).toBe(1);
  const errors = (JSON.parse(stdout) as { differences: { severity: string }[] }).differences.filter(
    ({ severity }) => severity === "error",
  );
  expect(errors).toMatchObject([
    { kind: "missing-column", object: 'public."User".nick', from: "prisma/schema.prisma:11" },
  ]);
});

it("names the files as seen from where it is started, and the folder of a schema in several", async () => {
  using folder = temporaryFolder({
    "api/lockstep.config.json":
      '{ "migrations": { "folder": "prisma/migrations" }, "contract": { "prisma": "prisma" } }',
    "api/prisma/migrations/migration_lock.toml": 'provider = "postgresql"\n',
    "api/prisma/schema.prisma": 'datasource db {\n  provider = "postgresql"\n}\n',
    "api/prisma/models/a.prisma": "model A {\n  id Int @id\n}\n",
    "api/prisma/models/b.prisma": "model B {\n  id   Int @id\n  nick Int\n}\n",
    "api/prisma/migrations/20240101000000_init/migration.sql": `
CREATE TABLE "A" ("id" INTEGER PRIMARY KEY, "extra" INTEGER);
CREATE TABLE "B" ("id" INTEGER PRIMARY KEY);
`,
  });
  const { report } = await checked(folder, ...args(), "-c", "api/lockstep.config.json");
  expect(report.findings.filter(({ docs }) => docs.includes("three-must-agree"))).toMatchObject([
    {
      file: "api/prisma/models/a.prisma",
      message: expect.stringContaining("and api/prisma/models does not declare it"),
    },
    {
      file: "api/prisma/models/b.prisma",
      line: 3,
      message: expect.stringContaining('public."B".nick: api/prisma/models/b.prisma:3 declares it'),
    },
  ]);
});
