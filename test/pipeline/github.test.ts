import { describe, expect, test } from "vitest";
import { evaluate, type Known } from "../../src/pipeline/readers/github/expression.ts";
import { places, reportOn, steps } from "./repository.ts";

describe("expressions of GitHub", () => {
  const known = new Map<string, Known>([
    ["matrix.environment", "production"],
    ["inputs.dry", "false"],
  ]);
  const cases: readonly (readonly [string, boolean | undefined])[] = [
    ["matrix.environment == 'production'", true],
    ["matrix.environment == 'Production'", true],
    ["matrix.environment != 'production'", false],
    ["${{ matrix.environment == 'staging' }}", false],
    ["!(matrix.environment == 'staging')", true],
    ["github.ref == 'refs/heads/main'", undefined],
    ["github.ref == 'refs/heads/main' && matrix.environment == 'staging'", false],
    ["github.ref == 'refs/heads/main' || matrix.environment == 'production'", true],
    ["github.ref == 'refs/heads/main' && matrix.environment == 'production'", undefined],
    ["always() && matrix.environment == 'staging'", false],
    ["always()", true],
    ["contains(github.ref, 'x') && false", false],
    ["startsWith(github.ref, 'refs/tags/')", undefined],
    ["inputs.dry == 'it''s'", false],
    ["steps.a.outputs['b-c'] == 'x'", undefined],
    ["", undefined],
    ["((", undefined],
    ["a b", undefined],
  ];
  test.each(cases)("%s", (expression, value) => {
    expect(evaluate(expression, (name) => known.get(name))).toBe(value);
  });
});

const workflow = (jobs: string, on = "push:\n    branches: [main]"): string =>
  `name: Deploy\non:\n  ${on}\nconcurrency: deploy\njobs:\n${jobs}`;

test("a job that migrates a service container is not production", async () => {
  const report = await reportOn({
    ".github/workflows/ci.yml": workflow(
      "  test:\n    runs-on: ubuntu-latest\n    services:\n      db:\n        image: postgres:18\n    steps:\n      - run: npx prisma migrate deploy || true\n",
    ),
  });
  expect(steps(report)).toEqual(["migrate prisma migrate deploy (test)"]);
  expect(report.findings).toEqual([]);
});

test("a matrix over environments is read once for each", async () => {
  const report = await reportOn({
    ".github/workflows/deploy.yml": workflow(
      "  deploy:\n    strategy:\n      matrix:\n        environment: [staging, production]\n    environment: ${{ matrix.environment }}\n    steps:\n      - if: matrix.environment != 'production'\n        run: npx prisma migrate deploy\n      - run: helm upgrade shop ./chart\n",
    ),
  });
  expect(steps(report)).toEqual([
    "migrate prisma migrate deploy (lower)",
    "deploy helm upgrade (lower)",
    "deploy helm upgrade (production)",
  ]);
  expect(places(report)).toEqual(["pipeline-migrates-only-lower .github/workflows/deploy.yml:15"]);
});

test("reusable workflows and composite actions stand in the place of their callers", async () => {
  const report = await reportOn({
    ".github/workflows/deploy.yml": workflow(
      "  migrate:\n    uses: ./.github/workflows/migrate.yml\n    with:\n      environment: production\n  deploy:\n    needs: migrate\n    environment: production\n    steps:\n      - uses: ./.github/actions/deploy\n",
    ),
    ".github/workflows/migrate.yml":
      "on:\n  workflow_call:\n    inputs:\n      environment:\n        type: string\njobs:\n  run:\n    environment: ${{ inputs.environment }}\n    steps:\n      - run: npx prisma migrate deploy || true\n",
    ".github/actions/deploy/action.yml":
      "runs:\n  using: composite\n  steps:\n    - shell: bash\n      run: flyctl deploy\n",
  });
  expect(steps(report)).toEqual([
    "migrate prisma migrate deploy (production)",
    "deploy fly deploy (production)",
  ]);
  expect(places(report)).toEqual([
    "pipeline-ignores-migration-failure .github/workflows/migrate.yml:10",
  ]);
  expect(report.read.map(({ what }) => what)).toEqual(["composite action", "workflow", "workflow"]);
});

test("shells: the default has no pipefail, a template has what it says", async () => {
  const report = await reportOn({
    ".github/workflows/deploy.yml": workflow(
      [
        "  deploy:",
        "    environment: production",
        "    defaults:",
        "      run:",
        "        shell: bash",
        "    steps:",
        "      - run: npx prisma migrate deploy | tee log",
        "      - shell: bash {0}",
        "        run: |",
        "          npx prisma migrate deploy",
        "          echo done",
        "      - shell: sh",
        "        run: npx prisma migrate deploy | tee log",
        "      - shell: pwsh",
        "        run: npx prisma migrate deploy",
        "      - shell: pwsh",
        "        run: npm test",
        "",
      ].join("\n"),
    ),
  });
  expect(places(report)).toEqual([
    "pipeline-ignores-migration-failure .github/workflows/deploy.yml:17",
    "pipeline-ignores-migration-failure .github/workflows/deploy.yml:19",
  ]);
  expect(report.notes).toEqual([
    {
      file: ".github/workflows/deploy.yml",
      line: 20,
      text: 'Step "run" names a shell that is not read; so does 1 more of this file.',
    },
  ]);
});

test("ssh runs on a server: without -e, unless the script says so", async () => {
  const step = (script: string): string =>
    `  deploy:\n    environment: production\n    steps:\n      - uses: appleboy/ssh-action@v1\n        with:\n          script: |\n${script}`;
  const files = (script: string) => ({ ".github/workflows/deploy.yml": workflow(step(script)) });
  const body = "            npx prisma migrate deploy\n            docker compose up -d\n";
  expect(places(await reportOn(files(body)))).toEqual([
    "pipeline-ignores-migration-failure .github/workflows/deploy.yml:14",
  ]);
  expect(places(await reportOn(files(`            set -e\n${body}`)))).toEqual([]);
});

test("text in YAML's styles: a finding stands where its characters stand", async () => {
  const styles = [
    "      - run: npx prisma migrate deploy || true\n",
    '      - run: "npx prisma migrate deploy || true"\n',
    "      - run: 'npx prisma migrate deploy || true'\n",
    "      - run: >-\n          npx prisma\n          migrate deploy\n          || true\n",
    "      - run: |1\n          npx prisma migrate deploy || true\n",
    '      - run: "npx\\tprisma migrate \\\n          deploy || true"\n',
    "      - {run: npx prisma migrate deploy || true}\n",
    "      - run: &cmd npx prisma migrate deploy || true\n",
  ];
  for (const style of styles) {
    const file = workflow(`  deploy:\n    environment: production\n    steps:\n${style}`);
    const { findings } = await reportOn({ ".github/workflows/deploy.yml": file });
    const lines = file.split("\n");
    expect(
      findings.map(({ line, column }) => lines[line - 1]!.slice(column! - 1, column! + 6)),
    ).toEqual(["|| true"]);
  }
});

test("a change condition on schema and code together is none on the schema", async () => {
  const job = (name: string, condition: string, run: string): string =>
    `  ${name}:\n    needs: changes\n${condition}    environment: production\n    steps:\n      - run: ${run}\n`;
  const changes =
    "  changes:\n    steps:\n      - uses: dorny/paths-filter@v3\n        with:\n          filters: x\n";
  const backend = "    if: needs.changes.outputs.backend == 'true'\n";
  const both = await reportOn({
    ".github/workflows/deploy.yml": workflow(
      changes +
        job("migrate", backend, "npx prisma migrate deploy") +
        job("deploy", backend, "flyctl deploy").replace(
          "needs: changes",
          "needs: [changes, migrate]",
        ),
    ),
  });
  expect(places(both)).toEqual([]);
  const one = await reportOn({
    ".github/workflows/deploy.yml": workflow(
      changes +
        job("migrate", backend, "npx prisma migrate deploy") +
        job("deploy", "", "flyctl deploy").replace("needs: changes", "needs: migrate"),
    ),
  });
  expect(places(one)).toEqual(["pipeline-skips-unchanged-schema .github/workflows/deploy.yml:14"]);
});

test("in a monorepo a job that is named after a package deploys that one, with what it depends on", async () => {
  const job = (name: string): string =>
    `  deploy-${name}:\n    environment: production\n    steps:\n      - run: npx @railway/cli up --service ${name}\n`;
  const pack = (name: string, ...on: string[]): string =>
    JSON.stringify({ name, dependencies: Object.fromEntries(on.map((each) => [each, "*"])) });
  const found = async (name: string) =>
    places(
      await reportOn({
        ".github/workflows/deploy.yml": workflow(job(name)),
        "apps/website/package.json": pack("website", "ui"),
        "apps/api/package.json": pack("api", "model"),
        "packages/ui/package.json": pack("ui"),
        "packages/model/package.json": pack("model", "db"),
        "packages/db/package.json": pack("db"),
        "packages/db/migrations/20260101000000_a/migration.sql": "SELECT 1;\n",
      }),
    );
  expect(await found("website")).toEqual([]);
  expect(await found("api")).toEqual(["pipeline-never-migrates .github/workflows/deploy.yml:10"]);
});
