import type { PipelineExample } from "./example.ts";

export const vercel: PipelineExample = {
  id: "vercel",
  platform: "Vercel",
  sign: /(?:^|\/)vercel\.json$/,
  does: 'Vercel would put main into service whatever the database looks like: its own deploys of main are switched off, and a workflow deploys instead. In the config: deploy: { command: "npx vercel deploy --prod", rollback: "npx vercel rollback" }.',
  files: [
    {
      path: "vercel.json",
      text: `{
  "$schema": "https://openapi.vercel.sh/vercel.json",
  "git": { "deploymentEnabled": { "main": false } }
}
`,
    },
    {
      path: ".github/workflows/deploy.yml",
      text: `name: deploy
on:
  push:
    branches: [main]
permissions:
  contents: read
concurrency:
  group: production
  cancel-in-progress: false
jobs:
  deploy:
    runs-on: ubuntu-latest
    environment: production
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-node@v4
        with: { node-version: 22, cache: npm }
      - run: npm ci
      - run: npx lockstep deploy --env production
        env:
          DATABASE_URL: \${{ secrets.DATABASE_URL }}
          VERCEL_ORG_ID: \${{ secrets.VERCEL_ORG_ID }}
          VERCEL_PROJECT_ID: \${{ secrets.VERCEL_PROJECT_ID }}
          VERCEL_TOKEN: \${{ secrets.VERCEL_TOKEN }}
`,
    },
  ],
};
