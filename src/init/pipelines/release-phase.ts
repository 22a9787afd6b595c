import type { ExampleFile, PipelineExample } from "./example.ts";

/** Platforms that run one command before a release: when it fails, the old release stays. */
const does = (platform: string, key: string) =>
  `${platform} runs ${key} once, before new instances start, and keeps the old release when it fails: migrations first, then the gate, which knows by the contract of the build what the new code expects. Lockstep is a dependency there, not a devDependency.`;

const manifest: ExampleFile = {
  path: "package.json",
  text: `{
  "private": true,
  "scripts": {
    "build": "tsc && lockstep contract build",
    "release": "lockstep migrate --env production && lockstep gate --env production --contract lockstep.contract.json",
    "start": "node dist/server.js"
  }
}
`,
};

export const fly: PipelineExample = {
  id: "fly",
  platform: "Fly.io",
  sign: /(?:^|\/)fly(?:\.[\w-]+)?\.toml$/,
  does: does("Fly", "release_command"),
  files: [
    {
      path: "fly.toml",
      text: `app = "storefront"

[deploy]
release_command = "npm run release"
strategy = "rolling"

[processes]
app = "npm start"
`,
    },
    manifest,
  ],
};

export const render: PipelineExample = {
  id: "render",
  platform: "Render",
  sign: /(?:^|\/)render\.ya?ml$/,
  does: does("Render", "preDeployCommand"),
  files: [
    {
      path: "render.yaml",
      text: `services:
  - type: web
    name: storefront
    runtime: node
    branch: main
    buildCommand: npm ci && npm run build
    preDeployCommand: npm run release
    startCommand: npm start
    envVars:
      - key: DATABASE_URL
        fromDatabase: { name: storefront, property: connectionString }
databases:
  - name: storefront
`,
    },
    manifest,
  ],
};

export const heroku: PipelineExample = {
  id: "heroku",
  platform: "Heroku",
  sign: /(?:^|\/)Procfile$/,
  does: does("Heroku", "the release process"),
  files: [
    {
      path: "Procfile",
      text: `release: npm run release
web: npm start
`,
    },
    manifest,
  ],
};
