import { expect, test } from "vitest";
import { places, reportOn, steps } from "./repository.ts";

test("extends, anchors, !reference, defaults and local includes are followed", async () => {
  const report = await reportOn({
    ".gitlab-ci.yml": [
      "include:",
      "  - local: /ci/jobs.yml",
      "stages: [build, migrate, deploy]",
      "migrate production:",
      "  extends: .migrate",
      "  environment: { name: production }",
      "  resource_group: production",
      "deploy production:",
      "  stage: deploy",
      "  environment: production",
      "  script:",
      "    - !reference [.deploy, script]",
      "",
    ].join("\n"),
    "ci/jobs.yml": [
      ".migrate:",
      "  stage: migrate",
      "  before_script:",
      "    - npm ci",
      "  script:",
      "    - npx prisma migrate deploy || true",
      ".deploy:",
      "  script:",
      "    - - flyctl deploy",
      "",
    ].join("\n"),
  });
  expect(steps(report)).toEqual([
    "migrate prisma migrate deploy (production)",
    "deploy fly deploy (production)",
  ]);
  expect(places(report)).toEqual(["pipeline-ignores-migration-failure ci/jobs.yml:6"]);
});

test("needs: [] starts a job at once, whatever its stage", async () => {
  const file = (needs: string): string =>
    `stages: [migrate, deploy]\nmigrate:\n  stage: migrate\n  environment: production\n  resource_group: p\n  script: npx prisma migrate deploy\ndeploy:\n  stage: deploy\n  environment: production\n${needs}  script: flyctl deploy\n`;
  expect(places(await reportOn({ ".gitlab-ci.yml": file("") }))).toEqual([]);
  expect(places(await reportOn({ ".gitlab-ci.yml": file("  needs: []\n") }))).toEqual([
    "pipeline-deploys-before-migrating .gitlab-ci.yml:11",
  ]);
});

test("the runner's shell has errexit and pipefail", async () => {
  const report = await reportOn({
    ".gitlab-ci.yml":
      "migrate:\n  environment: production\n  resource_group: p\n  script:\n    - npx prisma migrate deploy | tee log\n    - echo done\n",
  });
  expect(places(report)).toEqual([]);
});

test("an include from elsewhere and a loop of extends are said or passed over, not followed", async () => {
  const report = await reportOn({
    ".gitlab-ci.yml":
      "include: https://example.com/ci.yml\na:\n  extends: b\nb:\n  extends: a\n  script: npx prisma migrate deploy\n",
  });
  expect(report.notes).toEqual([
    { file: ".gitlab-ci.yml", line: 1, text: "An include from elsewhere was not read." },
  ]);
});
