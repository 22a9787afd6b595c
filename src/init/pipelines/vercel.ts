import { deployWorkflow } from "./deploy-workflow.ts";
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
    deployWorkflow({ secrets: ["VERCEL_ORG_ID", "VERCEL_PROJECT_ID", "VERCEL_TOKEN"] }),
  ],
};
