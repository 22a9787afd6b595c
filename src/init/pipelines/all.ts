import { dockerCompose } from "./docker-compose.ts";
import type { PipelineExample } from "./example.ts";
import { githubActions } from "./github-actions.ts";
import { gitlabCi } from "./gitlab-ci.ts";
import { helm, kubernetes } from "./kubernetes.ts";
import { pm2 } from "./pm2.ts";
import { fly, heroku, render } from "./release-phase.ts";
import { vercel } from "./vercel.ts";

/** Who puts the code into service comes before who runs its commands: the first that fits a repository is proposed. */
export const pipelineExamples: readonly PipelineExample[] = [
  vercel,
  fly,
  render,
  heroku,
  helm,
  kubernetes,
  pm2,
  dockerCompose,
  gitlabCi,
  githubActions,
];
