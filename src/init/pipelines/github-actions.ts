import type { PipelineExample } from "./example.ts";

export const githubActions: PipelineExample = {
  id: "github-actions",
  platform: "GitHub Actions",
  sign: /^\.github\/workflows\/[^/]+\.ya?ml$/,
  does: "Checks the migrations of a pull request; on main one deploy at a time goes through preflight, migrations, gate, your deploy command and probes. A deploy that runs is never cancelled.",
  files: [
    {
      path: ".github/workflows/deploy.yml",
      text: `name: deploy
on:
  pull_request:
  push:
    branches: [main]
permissions:
  contents: read
jobs:
  check:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
        with: { fetch-depth: 0 }
      - uses: actions/setup-node@v4
        with: { node-version: 22, cache: npm }
      - run: npm ci
      - run: npx lockstep check --format github
  deploy:
    if: github.ref == 'refs/heads/main'
    needs: check
    runs-on: ubuntu-latest
    environment: production
    concurrency:
      group: production
      cancel-in-progress: false
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-node@v4
        with: { node-version: 22, cache: npm }
      - run: npm ci
      - run: npx lockstep deploy --env production
        env:
          DATABASE_URL: \${{ secrets.DATABASE_URL }}
`,
    },
  ],
};
