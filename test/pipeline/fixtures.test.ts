import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { checkPipeline, pipelineRules } from "../../src/pipeline/index.ts";
import type { Finding } from "../../src/rules/index.ts";

const fixtures = join(import.meta.dirname, "fixtures");

/** What the finding covers in its file, the first line of it. */
function covered(root: string, finding: Finding): string {
  const lines = readFileSync(join(root, finding.file), "utf8").split("\n");
  const { line, column, endLine, endColumn } = finding;
  const end = endLine === line ? endColumn! - 1 : undefined;
  return lines[line - 1]?.slice(column! - 1, end) ?? "";
}

/** `severity file:line:column text` of every finding of the bad repository, of whatever rule. */
const expected: Readonly<Record<string, readonly string[]>> = {
  "pipeline-deploys-before-migrating": [
    "error .github/workflows/deploy.yml:15:14 flyctl deploy --remote-only",
    'error .github/workflows/parallel.yml:18:14 vercel deploy --prod --token "$VERCEL_TOKEN"',
    'error staging/chart/templates/migrate.yaml:6:5 "helm.sh/hook"',
  ],
  "pipeline-ignores-migration-failure": [
    'error .github/workflows/always.yml:14:14 psql "$DATABASE_URL" -f prisma/migrations/views.sql',
    "error .github/workflows/always.yml:17:9 always()",
    "error .github/workflows/deploy.yml:15:40 || true",
    'error .github/workflows/deploy.yml:19:37 || echo "migration failed, going on"',
    "error .github/workflows/deploy.yml:21:9 continue-on-error: true",
    "error .github/workflows/deploy.yml:24:40 | tee migrate.log",
    "error .github/workflows/deploy.yml:29:11 echo done",
    "error .github/workflows/deploy.yml:32:11 npx prisma migrate deploy && echo migrated",
    "error .gitlab-ci.yml:9:3 allow_failure: true",
    "error Dockerfile:4:33 node server.js",
    "error package.json:5:40 node notify.js",
    "error scripts/deploy.sh:4:1 pm2 reload shop",
    "error scripts/start.sh:5:1 exec node server.js",
  ],
  "pipeline-migrates-at-every-start": [
    'warning chart/templates/deployment.yaml:16:22 npx", "prisma", "migrate", "deploy',
    "info docker/entrypoint.sh:4:3 npx prisma migrate deploy",
    'warning k8s/deployment.yaml:12:22 npx", "drizzle-kit", "migrate',
  ],
  "pipeline-migrates-only-lower": [
    "error .github/workflows/deploy.yml:21:14 helm upgrade shop ./chart",
  ],
  "pipeline-migrates-through-pooler": [
    'error .github/workflows/deploy.yml:17:25 "postgresql://postgres.abc:${{ secrets.DB_PASSWORD }}@aws-0-eu-central-1.pooler.supabase.com:6543/postgres"',
    "error .github/workflows/named.yml:17:25 ${{ secrets.DATABASE_URL_POOLED }}",
  ],
  "pipeline-migrates-unguarded": [
    "warning .github/workflows/cancel.yml:7:3 cancel-in-progress: true",
    "warning .github/workflows/deploy.yml:12:14 npx prisma migrate deploy",
  ],
  "pipeline-misses-new-migration": ["error .github/workflows/deploy.yml:5:5 paths:"],
  "pipeline-never-migrates": [
    "error .github/workflows/deploy.yml:15:14 flyctl deploy --remote-only",
  ],
  "pipeline-password-in-file": [
    "error .github/workflows/deploy.yml:17:25 postgresql://shop:Tr0ub4dor3xY@db.shop-prod.eu-central-1.rds.amazonaws.com:5432/shop",
  ],
  "pipeline-pushes-schema": ["error .github/workflows/deploy.yml:14:14 npm run db:push"],
  "pipeline-records-success-early": [
    "error .github/workflows/deploy.yml:20:11 git rev-parse HEAD > .last-deployed-sha",
  ],
  "pipeline-skips-unchanged-schema": [
    "warning .github/workflows/deploy.yml:20:13 steps.filter.outputs.schema_changed == 'true'",
    'warning deploy.sh:3:4 ! git diff --quiet "$(cat .last-sha)" HEAD -- prisma',
    "warning deploy.sh:6:4 git diff --name-only HEAD~1 | grep -q prisma",
  ],
  "pipeline-synchronizes-in-code": [
    "warning src/data-source.ts:6:3 synchronize: true",
    "warning src/main.ts:3:7 sequelize.sync({ alter: true })",
  ],
  "pipeline-unreadable": [
    "info .github/workflows/deploy.yml:7:1 ",
    "info .github/workflows/script.yml:9:1 ",
  ],
};

/** The rule whose fixture shows a further, true finding of another rule. */
const alsoFound = new Set(["info Dockerfile:4:5 npx prisma migrate deploy"]);

describe.each(pipelineRules.map((rule) => rule.id))("%s", (id) => {
  test("the bad repository: every finding, at its exact place", async () => {
    const root = join(fixtures, id, "bad");
    const { findings } = await checkPipeline({ root });
    const found = findings.map((each) => ({
      rule: each.rule,
      at: `${each.severity} ${each.file}:${each.line}:${each.column} ${covered(root, each)}`,
    }));
    expect(found.filter(({ at }) => !alsoFound.has(at))).toEqual(
      expected[id]!.map((at) => ({ rule: id, at })),
    );
  });

  test("the good repository: nothing, of any rule", async () => {
    const { findings } = await checkPipeline({ root: join(fixtures, id, "good") });
    expect(findings).toEqual([]);
  });

  test("every finding explains itself and has its page", async () => {
    const { findings } = await checkPipeline({ root: join(fixtures, id, "bad") });
    for (const each of findings) {
      expect(each.message).toMatch(/[.”)]$/);
      expect(each.why.length).toBeGreaterThan(40);
      expect(each.wayOut.text).toMatch(/\.$/);
      expect(each.docs).toBe(`docs/rules/${each.rule}.md`);
    }
    const rule = pipelineRules.find((each) => each.id === id)!;
    const page = readFileSync(join("docs", "rules", `${id}.md`), "utf8");
    expect(page.split("\n")[0]).toBe(`# ${id}`);
    expect(page).toContain(rule.title);
    expect(page).toContain(`Severity: ${rule.severity}`);
  });
});

test("every fixture belongs to a rule, and every page too", () => {
  const ids = pipelineRules.map((rule) => rule.id).sort();
  expect(readdirSync(fixtures).sort()).toEqual(ids);
  const pages = readdirSync("docs/rules").filter((name) => name.startsWith("pipeline-"));
  expect(pages.map((name) => name.replace(".md", "")).sort()).toEqual(ids);
  for (const id of ids) expect(existsSync(join(fixtures, id, "bad"))).toBe(true);
});
