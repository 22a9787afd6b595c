import { flagValue, hasFlag, inOrder, type CommandLine } from "./command-line.ts";

export interface DeployTool {
  readonly tool: string;
  readonly programs: readonly string[];
  readonly matches: (line: CommandLine) => boolean;
  /** Where it goes, when the command says so by itself. */
  readonly target?: (line: CommandLine) => "production" | "lower" | undefined;
}

const words =
  (...wanted: string[]) =>
  (line: CommandLine): boolean =>
    inOrder(line, ...wanted);

const dryRun = (line: CommandLine): boolean =>
  line.args.some((word) => /^--dry-run(?:=(?!none).*)?$/.test(word)) ||
  hasFlag(line, "--help", "--build-only");

const productionFlag = (line: CommandLine): "production" | "lower" =>
  hasFlag(line, "--prod", "--production") || flagValue(line, "--target") === "production"
    ? "production"
    : "lower";

/** Words of `vercel` that are no deploy. */
const vercelOther = new Set([
  ..."build env pull link login logout whoami dev alias inspect logs ls list rm remove".split(" "),
  ..."domains dns certs secrets projects teams switch init bisect redirects help cache rollback".split(
    " ",
  ),
]);

/** Commands after which new code runs. Building and pushing an image is none of them. */
export const deployTools: readonly DeployTool[] = [
  {
    tool: "vercel deploy",
    programs: ["vercel", "vc"],
    matches: (line) => !vercelOther.has(line.plain[0] ?? ""),
    target: (line) => (line.plain[0] === "promote" ? "production" : productionFlag(line)),
  },
  {
    tool: "fly deploy",
    programs: ["fly", "flyctl"],
    matches: (line) => words("deploy")(line) && !dryRun(line),
  },
  {
    tool: "kubectl apply",
    programs: ["kubectl", "oc"],
    matches: (line) => line.plain.includes("apply") && !dryRun(line),
  },
  { tool: "kubectl set image", programs: ["kubectl", "oc"], matches: words("set", "image") },
  {
    tool: "kubectl rollout restart",
    programs: ["kubectl", "oc"],
    matches: words("rollout", "restart"),
  },
  {
    tool: "helm upgrade",
    programs: ["helm"],
    matches: (line) => /^(?:upgrade|install)$/.test(line.plain[0] ?? "") && !dryRun(line),
  },
  {
    tool: "helmfile",
    programs: ["helmfile"],
    matches: (line) => line.plain.some((word) => /^(?:apply|sync)$/.test(word)),
  },
  { tool: "argocd app sync", programs: ["argocd"], matches: words("app", "sync") },
  { tool: "docker stack deploy", programs: ["docker"], matches: words("stack", "deploy") },
  { tool: "docker service update", programs: ["docker"], matches: words("service", "update") },
  {
    tool: "pm2 reload",
    programs: ["pm2"],
    matches: (line) =>
      /^(?:reload|restart|startOrReload|startOrRestart)$/.test(line.plain[0] ?? ""),
  },
  { tool: "serverless deploy", programs: ["serverless", "sls"], matches: words("deploy") },
  { tool: "sst deploy", programs: ["sst"], matches: words("deploy") },
  { tool: "aws ecs update-service", programs: ["aws"], matches: words("ecs", "update-service") },
  { tool: "aws ecs deploy", programs: ["aws"], matches: words("ecs", "deploy") },
  {
    tool: "aws lambda update-function-code",
    programs: ["aws"],
    matches: words("lambda", "update-function-code"),
  },
  {
    tool: "aws deploy create-deployment",
    programs: ["aws"],
    matches: words("deploy", "create-deployment"),
  },
  { tool: "eb deploy", programs: ["eb"], matches: words("deploy") },
  { tool: "copilot deploy", programs: ["copilot"], matches: words("deploy") },
  { tool: "gcloud run deploy", programs: ["gcloud"], matches: words("run", "deploy") },
  {
    tool: "gcloud run services update",
    programs: ["gcloud"],
    matches: words("run", "services", "update"),
  },
  { tool: "gcloud app deploy", programs: ["gcloud"], matches: words("app", "deploy") },
  { tool: "az webapp deploy", programs: ["az"], matches: words("webapp", "deploy") },
  { tool: "az containerapp update", programs: ["az"], matches: words("containerapp", "update") },
  { tool: "heroku container:release", programs: ["heroku"], matches: words("container:release") },
  {
    tool: "railway up",
    programs: ["railway"],
    matches: (line) => /^(?:up|redeploy)$/.test(line.plain[0] ?? ""),
  },
  {
    tool: "wrangler deploy",
    programs: ["wrangler"],
    matches: (line) => /^(?:deploy|publish)$/.test(line.plain[0] ?? "") && !dryRun(line),
  },
  {
    tool: "netlify deploy",
    programs: ["netlify", "ntl"],
    matches: words("deploy"),
    target: productionFlag,
  },
  {
    tool: "kamal deploy",
    programs: ["kamal"],
    matches: (line) => /^(?:deploy|redeploy)$/.test(line.plain[0] ?? ""),
  },
  {
    tool: "cap deploy",
    programs: ["cap"],
    matches: words("deploy"),
    target: (line) => (line.plain[0]?.startsWith("prod") === true ? "production" : "lower"),
  },
  { tool: "cf push", programs: ["cf"], matches: words("push") },
  { tool: "nomad job run", programs: ["nomad"], matches: words("job", "run") },
  {
    tool: "ansible-playbook",
    programs: ["ansible-playbook"],
    matches: (line) => line.plain.some((word) => /deploy|release/i.test(word)),
  },
  {
    tool: "git push heroku",
    programs: ["git"],
    matches: (line) =>
      line.plain[0] === "push" &&
      line.plain.some((word) => /^(?:heroku|dokku)\b|git\.heroku\.com/.test(word)),
  },
  {
    tool: "deploy hook",
    programs: ["curl"],
    matches: (line) =>
      line.args.some((word) =>
        /DEPLOY_?HOOK|api\.render\.com\/deploy|api\.vercel\.com\/v1\/integrations\/deploy/i.test(
          word,
        ),
      ),
  },
];

/** On a server, `docker compose up -d` is the deploy; on a build machine it starts helpers. */
export const isComposeUp = (line: CommandLine): boolean =>
  (line.program === "docker-compose" && line.plain.includes("up")) ||
  (line.program === "docker" && inOrder(line, "compose", "up"));
