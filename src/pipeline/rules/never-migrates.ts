import { isDeploy, placeOfAction, whereOf, type Facts, type Occurrence } from "../facts.ts";
import { migratesInCode } from "../repository/code-evidence.ts";
import { folderOf, nameOf } from "../repository/repository.ts";
import { packageOf, type Package } from "../repository/packages.ts";
import type { MigrationFolder } from "../repository/migration-folders.ts";
import type { PipelineRule } from "./rule.ts";
import { callText } from "./wording.ts";

const commands: Readonly<Record<string, string>> = {
  Prisma: "npx prisma migrate deploy",
  Drizzle: "npx drizzle-kit migrate",
  Supabase: "supabase db push",
  Rails: "bin/rails db:migrate",
  Diesel: "diesel migration run",
  Alembic: "alembic upgrade head",
  Django: "python manage.py migrate",
  Flyway: "flyway migrate",
};

/** D4, and article 003: nothing in the repository applies the migrations that the deployed code expects. */
export const neverMigrates: PipelineRule = {
  id: "pipeline-never-migrates",
  title: "The pipeline deploys production and never migrates it",
  severity: "error",
  *check(facts) {
    const deploys = facts.occurrences.filter(
      (each) => isDeploy(each) && each.environment.kind === "production" && !saysSo(each),
    );
    if (deploys.length === 0 || facts.migrations.length === 0 || somethingMigrates(facts)) return;
    for (const { folder, tool, newest } of facts.migrations) {
      const deploy = deploys.find((each) => shipsFolder(facts, each, folder));
      if (deploy === undefined) continue;
      const command = commands[tool] ?? `npx lockstep migrate ${folder}`;
      yield {
        at: placeOfAction(deploy.action),
        message: `${whereOf(deploy)} deploys production with "${deploy.action.tool}", and no step of this repository applies the migrations in ${folder}.`,
        why: `The newest one is ${newest}. Code that expects it meets a database without it, and the deploy stays green. No workflow, script, image or platform file that was read runs a migration command, and no source file does it at start.`,
        wayOut: {
          text: "Add a step before the deploy in the same job. If something outside this repository migrates, say so where the deploy is.",
          code: `- name: Migrate\n  run: ${command}\n  env:\n    DATABASE_URL: \${{ secrets.DATABASE_URL }}\n- name: Deploy\n  run: ${callText(deploy)}`,
        },
      };
      return;
    }
  },
};

/** A comment beside the deploy that speaks of migrations: somebody has thought of them. */
const saysSo = ({ pipeline, action }: Occurrence): boolean =>
  [pipeline.file, action.span.file].some(({ text }) => /migrat/i.test(text));

/** Supabase's GitHub integration applies `supabase/migrations` on a merge, without a step in the repository. */
const appliedByPlatform = (facts: Facts): boolean =>
  facts.repository.paths.some((path) =>
    /(?:^|\/)supabase\/(?:config\.toml$|migrations\/)/.test(path),
  );

/** Anything that migrates, or speaks of it and is not understood: then nothing is claimed. */
function somethingMigrates(facts: Facts): boolean {
  const commands = facts.occurrences.some(
    ({ action, environment }) =>
      (action.kind === "migrate" || action.kind === "push") && environment.kind !== "test",
  );
  const spoken = facts.pipelines.some(({ jobs }) =>
    jobs.some(({ steps }) => steps.some(({ mentions }) => mentions.length > 0)),
  );
  return (
    commands || spoken || appliedByPlatform(facts) || migratesInCode(facts.repository) !== undefined
  );
}

/** True when what is deployed from a directory is, holds or depends on the package with the migrations. */
function shipsFolder(facts: Facts, { action, job }: Occurrence, folder: string): boolean {
  const from = action.directory ?? ".";
  const named = from === "." ? packagesIn(facts, job.id) : [];
  if (named.length > 0)
    return named.some((each) => folder.startsWith(`${each.folder}/`) || uses(facts, each, folder));
  if (from === "." || folder === from || folder.startsWith(`${from}/`))
    return ownsAlone(facts, folder, from);
  const deployed = packageOf(facts.packages, from);
  const owner = packageOf(facts.packages, folderOf(folder));
  return owner?.name !== undefined && deployed?.dependencies.has(owner.name) === true;
}

/** Packages whose folder a job is named after: `apps/website` for `deploy-website`. */
function packagesIn({ packages }: Facts, job: string): readonly Package[] {
  const words = new Set(job.toLowerCase().split(/[^a-z0-9]+/));
  return packages.all.filter(
    ({ folder }) => folder.includes("/") && words.has(nameOf(folder).toLowerCase()),
  );
}

/** True when a package depends on the one that holds the folder, through others too. */
function uses({ packages }: Facts, from: Package, folder: string): boolean {
  const owner = packageOf(packages, folderOf(folder))?.name;
  const reached = new Set([from]);
  for (const each of reached)
    for (const name of each.dependencies) {
      const found = packages.byName.get(name);
      if (found !== undefined) reached.add(found);
    }
  return owner !== undefined && [...reached].some(({ name }) => name === owner);
}

/** In a repository of many products a deploy from the root says not which one goes. */
function ownsAlone(facts: Facts, folder: string, from: string): boolean {
  if (from !== ".") return true;
  const roots = (each: MigrationFolder): string => each.folder.split("/")[0]!;
  const nested = /^(?:apps|packages|services|examples|templates|projects)\//.test(folder);
  return !nested || new Set(facts.migrations.map(roots)).size === 1;
}
