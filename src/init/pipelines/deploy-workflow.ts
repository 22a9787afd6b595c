import type { ExampleFile } from "./example.ts";

/**
 * A workflow of GitHub's that deploys main through Lockstep, one deploy at a time.
 *
 * @param before steps between the installation and the deploy, as lines of YAML
 * @param secrets names of the secrets that the deploy command needs, besides the database's URL
 */
export function deployWorkflow({
  before = "",
  secrets = [],
}: {
  readonly before?: string;
  readonly secrets?: readonly string[];
}): ExampleFile {
  const env = ["DATABASE_URL", ...secrets].map(
    (name) => `          ${name}: \${{ secrets.${name} }}\n`,
  );
  return {
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
${before}      - run: npx lockstep deploy --env production
        env:
${env.join("")}`,
  };
}
