import { expect, test } from "vitest";
import { places, reportOn } from "./repository.ts";

const schema = "ALTER TABLE orders ADD COLUMN confirmed_at timestamptz;\n";

test("three outages in three days: the deploy script before it was hardened", async () => {
  const report = await reportOn({
    "drizzle/meta/_journal.json": "{}",
    "drizzle/0001_confirmed_at.sql": schema,
    "drizzle.config.ts": 'export default { dialect: "postgresql" };\n',
    "package.json": '{ "name": "shop", "scripts": { "db:push": "drizzle-kit push" } }\n',
    "deploy.sh": [
      "#!/bin/bash",
      "git pull",
      "export DATABASE_URL=postgresql://app@aws-0-eu.pooler.supabase.com:6543/postgres",
      "timeout 180 npm run db:push || true",
      "npm run build",
      "git rev-parse HEAD > .last-deployed-sha",
      "pm2 reload shop",
      "",
    ].join("\n"),
  });
  expect(places(report)).toEqual([
    "pipeline-migrates-through-pooler deploy.sh:3",
    "pipeline-ignores-migration-failure deploy.sh:4",
    "pipeline-pushes-schema deploy.sh:4",
    "pipeline-records-success-early deploy.sh:6",
  ]);
});

test("its first cure, a push only when files changed, is mistake 8", async () => {
  const report = await reportOn({
    "package.json": '{ "name": "shop", "scripts": { "db:migrate": "drizzle-kit migrate" } }\n',
    "scripts/deploy.sh": [
      "#!/bin/bash",
      "set -euo pipefail",
      'CHANGED=$(git diff --name-only "$(cat .last-deployed-sha)" HEAD -- packages/db/src/schema)',
      'if [ -n "$CHANGED" ]; then',
      "  npm run db:migrate",
      "fi",
      "pm2 reload shop",
      "git rev-parse HEAD > .last-deployed-sha",
      "",
    ].join("\n"),
  });
  expect(places(report)).toEqual(["pipeline-skips-unchanged-schema scripts/deploy.sh:4"]);
});

test("the migration that production's pipeline never ran", async () => {
  const job = (environment: string, migrate: string): string =>
    `  deploy-${environment}:\n    runs-on: ubuntu-latest\n    environment: ${environment}\n    steps:\n${migrate}      - run: kubectl apply -f k8s/\n`;
  const report = await reportOn({
    ".github/workflows/deploy.yml": `on:\n  push:\n    branches: [main]\nconcurrency: deploy\njobs:\n${job("staging", "      - run: npx knex migrate:latest\n")}${job("production", "")}`,
    "migrations/20260101000000_confirmed_at.js": "exports.up = () => undefined;\n",
  });
  expect(places(report)).toEqual(["pipeline-migrates-only-lower .github/workflows/deploy.yml:16"]);
  expect(report.findings[0]!.why).toContain('Production: environment "production"');
});

test("who migrates from outside the repository may say so beside the deploy", async () => {
  const files = (comment: string, more: Readonly<Record<string, string>> = {}) => ({
    ".github/workflows/deploy.yml": `on: push\n${comment}jobs:\n  deploy:\n    environment: production\n    steps:\n      - run: flyctl deploy\n`,
    "prisma/migrations/20260101000000_confirmed_at/migration.sql": schema,
    ...more,
  });
  expect(places(await reportOn(files("")))).toEqual([
    "pipeline-never-migrates .github/workflows/deploy.yml:6",
  ]);
  expect(places(await reportOn(files("# Migrations are applied by the platform team.\n")))).toEqual(
    [],
  );
  expect(places(await reportOn(files("", { "supabase/config.toml": "" })))).toEqual([]);
  const inCode = {
    "src/main.ts": 'import { migrate } from "drizzle-orm/node-postgres/migrator";\n',
  };
  expect(places(await reportOn(files("", inCode)))).toEqual([]);
});
