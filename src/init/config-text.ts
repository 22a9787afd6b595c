import { relative } from "node:path/posix";
import type { Known, ProjectDatabase } from "./project.ts";

/**
 * The text of a config for a database of a project, with comments that say where each value comes from.
 *
 * @param deploys commands that put a release into service
 */
export function configText(
  database: Omit<ProjectDatabase, "config" | "newConfig">,
  deploys: readonly Known<string>[],
): string {
  const { folder, migrations, urlEnv } = database;
  const text = JSON.stringify;
  return `import { defineConfig } from "lockstep/config";

// Written by \`lockstep init\`. docs/config.md of the package explains every key.
export default defineConfig({
${commented(migrationsComment(database))}
  migrations: { ${migrationsValue(folder, migrations)} },

${commented(contractComment(database))}
  contract: ${contractValue(database)},

  environments: {
${commented(`The name of a variable (${urlEnv.because}): no URL stands in this file.`, 4)}
    production: { urlEnv: ${text(urlEnv.value)} },
    // staging: { urlEnv: ${text(`STAGING_${urlEnv.value}`)} },
  },

  deploy: {
${commented(deployComment(deploys), 4)}
    // command: ${text(deploys[0]?.value ?? "fly deploy")},
    // The command that puts the old release back when a probe fails:
    // rollback: ${text("…")},
    // Requests that show that the product works (docs/deploy.md):
    // probes: "probes/*.probe.ts",
    // baseUrl: "https://example.com",
  },
});
`;
}

function migrationsValue(
  owner: string,
  { folder, tool, command }: ProjectDatabase["migrations"],
): string {
  const place = `folder: ${JSON.stringify(relative(owner, folder) || ".")}`;
  if (command === undefined) return place;
  const line = typeof command === "string" ? command : command.join(" ");
  return `${place}, tool: ${JSON.stringify(tool)}, command: ${JSON.stringify(line)}`;
}

function migrationsComment({ migrations }: Pick<ProjectDatabase, "migrations">): string {
  const { count, tool, applied } = migrations;
  const many = `${count} ${count === 1 ? "migration" : "migrations"}`;
  switch (applied) {
    case "own":
      return `${many} of plain SQL. No tool is known that applies them: \`lockstep migrate\` does, and keeps the only ledger.`;
    case "adopted":
      return `${many} of ${tool}. What Lockstep applies, it records in ${tool}'s own ledger too: its commands see nothing to do.`;
    case "guarded":
      return `${many} of ${tool}: programs. What they send is recorded while this command runs them on a scratch database; \`lockstep migrate\` runs it on the real one, guarded.`;
    case "looked-at":
      return `${many} of ${tool}. \`lockstep migrate\` refuses the folder as it is (lockstep init says why); \`lockstep check\` reads it.`;
    case "others":
      return `${many} of ${tool}, which applies them with its own command and ledger: \`lockstep check\` and the contract below read them.`;
  }
}

function contractComment({ contract }: Pick<ProjectDatabase, "contract">): string {
  const compared = "The gate compares it with the live database before the code goes out.";
  if (contract.value.kind === "prisma")
    return `What the code expects: its Prisma schema. ${compared}`;
  if (contract.value.kind === "migrations")
    return `What the code expects: what the migrations make of an empty database (${contract.because}). ${compared} Where SQL is written by hand or through a query builder, \`lockstep contract record -- npm test\` knows which statement needs what.`;
  if (contract.value.kind === "kysely")
    return `What the code expects: the types that Kysely is given, and what the migrations make where types cannot tell. ${camelCaseComment(contract.value)} ${compared}`;
  return contract.value.kind === "drizzle"
    ? `What the code expects: the schema that ${contract.because} names. ${compared}`
    : `What the code expects: its models, as this module has them. ${compared}`;
}

function camelCaseComment({
  camelCase,
}: Extract<ProjectDatabase["contract"]["value"], { readonly module: string }>): string {
  return camelCase === undefined
    ? "With the CamelCasePlugin: camelCase: true."
    : `Their names are those of the CamelCasePlugin (${camelCase.because}).`;
}

function contractValue({ contract: { value } }: Pick<ProjectDatabase, "contract">): string {
  if (value.kind === "migrations") return "{ migrations: true }";
  if (value.kind === "prisma") return `{ prisma: ${JSON.stringify(value.schema)} }`;
  if (value.kind !== "drizzle") {
    const { camelCase } = value;
    const names = camelCase === undefined ? "" : `, camelCase: ${literal(camelCase.value)}`;
    return `{ ${value.kind}: ${JSON.stringify(value.module)}${names} }`;
  }
  const files = value.files.length === 1 ? value.files[0] : value.files;
  return `{ drizzle: ${JSON.stringify(files)} }`;
}

/** `true`, or an object with members that are true. */
function literal(value: object | true): string {
  if (value === true) return "true";
  return `{ ${Object.keys(value)
    .map((name) => `${name}: true`)
    .join(", ")} }`;
}

function deployComment([first]: readonly Known<string>[]): string {
  return first === undefined
    ? "The command that puts a release into service, run once the gate is open:"
    : `The command that puts a release into service, run once the gate is open. ${first.because} has one:`;
}

/** Lines of a comment, at most 100 columns wide. */
function commented(text: string, indent = 2): string {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + word.length + indent + 4 <= 100)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines.map((line) => `${" ".repeat(indent)}// ${line}`).join("\n");
}
