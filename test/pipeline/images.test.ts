import { expect, test } from "vitest";
import { readDockerfile } from "../../src/pipeline/readers/dockerfile.ts";
import { places, reportOn, steps } from "./repository.ts";

test("a Dockerfile's instructions: continued lines, comments inside them, here-documents, the escape directive", () => {
  const read = (text: string) =>
    readDockerfile({ path: "Dockerfile", text }).map(
      ({ keyword, rest }) => `${keyword} ${rest.text.trim().replace(/\s+/g, " ")}`,
    );
  expect(read("FROM a\nrun x \\\n# comment\n\n  y\nCMD z\n")).toEqual([
    "FROM a",
    "RUN x y",
    "CMD z",
  ]);
  expect(read("RUN <<EOF\nCMD no\nEOF\nCMD yes")).toEqual(["RUN <<EOF", "CMD yes"]);
  expect(read("# escape=`\nRUN a `\n b\nCMD c\\\n")).toEqual(["RUN a b", "CMD c\\"]);
  expect(read("RUN a \\")).toEqual(["RUN a"]);
});

test("only the last stage starts, in JSON or shell form", async () => {
  const report = await reportOn({
    Dockerfile:
      'FROM a AS build\nCMD npx prisma db push\nFROM b\nENTRYPOINT ["sh", "-c", "npx prisma migrate deploy && exec node a.js"]\n',
  });
  expect(steps(report)).toEqual(["migrate prisma migrate deploy (production)"]);
  expect(report.findings[0]).toMatchObject({ line: 4, column: 26, source: "Dockerfile" });
});

test("a stage starts what the stage starts that it is made from, also through a build argument", async () => {
  const dockerfile = (end: string) =>
    reportOn({
      Dockerfile: `ARG KIND=shop\nFROM node AS base\nCMD ["node", "a.js"]\nFROM base AS shop\nENTRYPOINT ["./start.sh"]\n${end}`,
      "start.sh": "#!/bin/sh\nnpx prisma migrate deploy\nnode a.js\n",
    });
  const found = [
    "pipeline-migrates-at-every-start start.sh:2",
    "pipeline-ignores-migration-failure start.sh:3",
  ];
  expect(places(await dockerfile("FROM ${KIND}\nUSER node\n"))).toEqual(found);
  expect(places(await dockerfile("FROM --platform=linux/amd64 Shop as last\n"))).toEqual(found);
  expect(places(await dockerfile("FROM base\n"))).toEqual([]);
  expect(places(await dockerfile("FROM $UNKNOWN\n"))).toEqual([]);
});

test("release phases run once: Procfile, Heroku, Fly, Render, Railway", async () => {
  const report = await reportOn({
    Procfile: "release: npx prisma migrate deploy\nweb: node server.js\n",
    "heroku.yml":
      "release:\n  command:\n    - npx prisma migrate deploy\nrun:\n  web: node server.js\n",
    "fly.toml": 'app = "shop"\n[deploy]\n  release_command = "npx prisma migrate deploy"\n',
    "render.yaml": "services:\n  - type: web\n    preDeployCommand: npx prisma migrate deploy\n",
    "railway.toml": '[deploy]\npreDeployCommand = ["npx prisma migrate deploy"]\n',
    "vercel.json": '{ "buildCommand": "npx prisma migrate deploy && next build" }\n',
  });
  expect(steps(report)).toEqual(
    Array.from({ length: 6 }, () => "migrate prisma migrate deploy (production)"),
  );
  expect(report.findings).toEqual([]);
});

test("replicas come from the manifest, the chart's values or an autoscaler", async () => {
  const deployment = (replicas: string): string =>
    `apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: shop\nspec:\n${replicas}  template:\n    spec:\n      containers:\n        - name: shop\n          command: [npx, prisma, migrate, deploy]\n`;
  const chart = await reportOn({
    "chart/values.yaml": "web:\n  replicas: 4\n",
    "chart/templates/web.yaml": `{{- if .Values.web }}\n${deployment("  replicas: {{ .Values.web.replicas }}\n")}{{- end }}\n`,
  });
  expect(chart.findings.map(({ severity, line }) => [severity, line])).toEqual([["warning", 12]]);
  const scaled = await reportOn({
    "k8s.yaml": `${deployment("")}---\nkind: HorizontalPodAutoscaler\nspec:\n  scaleTargetRef:\n    name: shop\n`,
  });
  expect(scaled.findings[0]!.message).toContain("an autoscaler");
  const job = await reportOn({ "k8s.yaml": deployment("").replace("Deployment", "Job") });
  expect(places(job)).toEqual([]);
});

test("an image that a chart starts as it is has the chart's replicas, production's where they differ", async () => {
  const web = (image: string): string =>
    `kind: Deployment\nmetadata:\n  name: shop\nspec:\n  replicas: {{ .Values.replicaCount }}\n  template:\n    spec:\n      containers:\n        - name: web\n          image: ${image}\n`;
  const files = (image: string) => ({
    Dockerfile: "FROM a\nCMD npx prisma migrate deploy && exec node a.js\n",
    "helm/values.yaml": "image: registry.example.com/shop\nreplicaCount: 1\n",
    "helm/values-production.yaml": "replicaCount: 4\n",
    "helm/templates/web.yaml": web(image),
  });
  const [own] = (await reportOn(files("{{ .Values.image }}:{{ .Values.tag }}"))).findings;
  expect(own).toMatchObject({ severity: "warning", file: "Dockerfile", line: 2 });
  expect(own!.message).toContain('"replicas: 4" (helm/templates/web.yaml:5) starts several');
  const [other] = (await reportOn(files("nginx:1.27"))).findings;
  expect(other).toMatchObject({ severity: "info" });
  expect(other!.message).toContain("no file that was read says how many instances there are");
});

test("what is over when it has migrated is no start-up of an instance, whatever fills the database behind it", async () => {
  const image = (command: string) => ({
    Dockerfile: `FROM a\nCMD ${command}\n`,
    "package.json":
      '{ "scripts": { "setup": "npm run up && npm run seed", "up": "knex migrate:latest" } }',
  });
  const found = async (command: string) => places(await reportOn(image(command)));
  expect(await found("npx knex migrate:latest")).toEqual([]);
  expect(await found("npm run setup")).toEqual([]);
  const [at] = ["pipeline-migrates-at-every-start Dockerfile:2"];
  expect(await found("npm run up && node a.js")).toEqual([at]);
  expect(await found("npx run-p up serve")).toEqual([at]);
  expect(await found("node a.js & npx knex migrate:latest; wait")).toEqual([at]);
});

test("Alembic behind a program's own command line, in a release phase", async () => {
  const report = await reportOn({
    Procfile: "release: bin/release\nweb: gunicorn shop\n",
    "bin/release": "#!/bin/bash\nset -e\npython -m shop db upgrade head\n",
  });
  expect(steps(report)).toEqual(["migrate shop db upgrade (production)"]);
});

test("a template that is no YAML without its values is a note", async () => {
  const report = await reportOn({
    "chart/templates/a.yaml": "kind: Deployment\nspec: {{ x }} : [\n  - a: b: c\n",
  });
  expect(report.findings).toEqual([]);
  expect(report.notes.map(({ text }) => text)).toEqual(["The template could not be read as YAML."]);
});

test("a migration in an image's build counts as one, and nothing is claimed about its database", async () => {
  const report = await reportOn({
    Dockerfile: "FROM a\nRUN npm ci && npx prisma migrate deploy || true\nCMD node a.js\n",
    ".github/workflows/deploy.yml":
      "on: push\njobs:\n  deploy:\n    environment: production\n    steps:\n      - run: flyctl deploy\n",
    "prisma/migrations/20260101000000_a/migration.sql": "SELECT 1;\n",
  });
  expect(steps(report)).toEqual([
    "deploy fly deploy (production)",
    "migrate prisma migrate deploy (unknown)",
  ]);
  expect(report.findings).toEqual([]);
});

test("an entrypoint that hides the failure, and one that pushes, through wrappers", async () => {
  const entrypoint = (line: string) => ({
    Dockerfile: 'FROM a\nENTRYPOINT ["tini", "--", "/app/docker-entrypoint.sh"]\n',
    "docker-entrypoint.sh": `#!/bin/sh\nset -e\nif [ -n "$DATABASE_URL" ]; then\n  ${line}\nfi\nexec node a.js\n`,
  });
  expect(places(await reportOn(entrypoint("npx prisma migrate deploy || true")))).toEqual([
    "pipeline-migrates-at-every-start docker-entrypoint.sh:4",
    "pipeline-ignores-migration-failure docker-entrypoint.sh:4",
  ]);
  const push = 'su-exec node sh -c "npx prisma db push && node seed.js"';
  expect(places(await reportOn(entrypoint(push)))).toEqual([
    "pipeline-pushes-schema docker-entrypoint.sh:4",
  ]);
});
