import type { Classified } from "../../commands/classify.ts";

type DeployAction = {
  readonly tool: string;
  readonly uses: RegExp;
  readonly when?: (inputs: ReadonlyMap<string, string>) => boolean;
};

/** Actions after which new code runs. */
const deployActions: readonly DeployAction[] = [
  {
    tool: "amazon-ecs-deploy-task-definition",
    uses: /^aws-actions\/amazon-ecs-deploy-task-definition@/,
  },
  { tool: "deploy-cloudrun", uses: /^google-github-actions\/deploy-(?:cloudrun|appengine)@/ },
  {
    tool: "webapps-deploy",
    uses: /^azure\/(?:webapps-deploy|functions-action|container-apps-deploy-action|k8s-deploy)@/i,
  },
  {
    tool: "vercel-action",
    uses: /^(?:amondnet\/vercel-action|BetaHuhn\/deploy-to-vercel-action)@/i,
  },
  { tool: "heroku-deploy", uses: /^akhileshns\/heroku-deploy@/i },
  {
    tool: "render-deploy",
    uses: /^(?:johnbeynon\/render-deploy-action|sws2apps\/render-deployment)@/i,
  },
  { tool: "app_action", uses: /^digitalocean\/app_action(?:\/deploy)?@/ },
  {
    tool: "flyctl-actions deploy",
    uses: /^superfly\/flyctl-actions@/,
    when: (inputs) => /\bdeploy\b/.test(inputs.get("args") ?? ""),
  },
  {
    tool: "wrangler-action deploy",
    uses: /^cloudflare\/wrangler-action@/,
    when: (inputs) => /^(?:deploy|publish)\b/.test(inputs.get("command") ?? "deploy"),
  },
];

/** What an action of the marketplace does, when it is one of those known. */
export function classifyAction(
  uses: string,
  inputs: ReadonlyMap<string, string>,
): Classified | undefined {
  const found = deployActions.find((each) => each.uses.test(uses) && (each.when?.(inputs) ?? true));
  if (found === undefined) return undefined;
  return { kind: "deploy", tool: found.tool, target: vercelTarget(found.tool, inputs) };
}

function vercelTarget(
  tool: string,
  inputs: ReadonlyMap<string, string>,
): "production" | "lower" | undefined {
  if (tool !== "vercel-action") return undefined;
  return /--prod/.test(inputs.get("vercel-args") ?? "") || inputs.get("production") === "true"
    ? "production"
    : "lower";
}

/** Actions whose `script` input is run on a server, in a shell without `-e` (appleboy/ssh-action, issue 367). */
export const runsOnServer = (uses: string): boolean => uses.startsWith("appleboy/ssh-action@");

/** Actions that compare files with an earlier commit; later steps ask for their outputs. */
export const comparesFiles = (uses: string): boolean =>
  /^(?:dorny\/paths-filter|tj-actions\/changed-files|step-security\/changed-files|jitterbit\/get-changed-files)@/.test(
    uses,
  );
