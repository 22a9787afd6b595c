import { shellWord } from "../errors/index.ts";
import type { InitDatabase, InitReport } from "../init/index.ts";
import { count, slot, type Style } from "./style.ts";

/** What `lockstep init` found and wrote, and what to do next. */
export function renderInit(report: InitReport, style: Style): string {
  const { colors } = style;
  const { databases, refused, pipeline } = report;
  const blocks = databases.map((database) => databaseText(database, style));
  for (const sentence of refused) blocks.push(slot(style, "not read", sentence));
  blocks.push(pipelineText(pipeline, style));
  if (pipeline.proposed !== undefined) blocks.push(exampleText(pipeline.proposed, style));
  if (pipeline.notProposed !== undefined)
    blocks.push(
      [style.colors.bold("proposed"), slot(style, "", pipeline.notProposed, 0)].join("\n"),
    );
  const next = databases.flatMap(nextCommands);
  blocks.push([colors.bold("next"), ...next.map((line) => `  ${line}`)].join("\n"));
  return blocks.join("\n\n");
}

function databaseText(database: InitDatabase, style: Style): string {
  const { folder, migrations, contract, urlEnv, config } = database;
  const tool = migrations.tool === "sql" ? "plain SQL" : migrations.tool;
  return [
    style.colors.bold(folder === "." ? "this folder" : folder),
    slot(
      style,
      "found",
      `${count(migrations.count, "migration")} of ${tool} in ${migrations.folder}`,
    ),
    ...migrations.problems.map((problem) => slot(style, "problem", style.colors.yellow(problem))),
    ...(migrations.problems.length === 0 || migrations.applied === "others"
      ? []
      : [
          slot(
            style,
            "",
            "until that is settled lockstep migrate refuses the folder; check reads it as it is",
          ),
        ]),
    ...(migrations.applied === "others"
      ? [
          slot(
            style,
            "applied",
            `by its own command alone: Lockstep does not keep ${tool}'s ledger, and lockstep migrate refuses the folder. check, contract and gate work beside it`,
          ),
        ]
      : []),
    slot(style, "contract", `${expectedBy(contract.value)} (${contract.because})`),
    slot(style, "url", `${urlEnv.value} (${urlEnv.because})`),
    slot(style, "config", `${config.file}, ${states[config.state]}`),
    ...(config.state === "shown" ? ["", indented(config.text!)] : []),
  ].join("\n");
}

function expectedBy(value: InitDatabase["contract"]["value"]): string {
  if (value.kind === "migrations") return "what the migrations make";
  if (value.kind === "drizzle") return value.files.join(", ");
  return value.kind === "prisma" ? value.schema : value.module;
}

const states = {
  written: "written; read it",
  kept: "there already, left as it is",
  shown: "not written (--dry-run):",
} as const;

function pipelineText({ findings, deploys, lockstep }: InitReport["pipeline"], style: Style) {
  const places = (all: typeof deploys) =>
    [...new Set(all.map(({ value, because }) => `${value} (${because})`))].slice(0, 3).join(", ");
  return [
    style.colors.bold("pipeline"),
    ...(deploys.length === 0 ? [] : [slot(style, "deploys", places(deploys))]),
    ...(lockstep.length === 0 ? [] : [slot(style, "lockstep", places(lockstep))]),
    slot(
      style,
      "findings",
      findings === 0 ? "none" : `${findings}: lockstep check shows them with their lines`,
    ),
  ].join("\n");
}

function exampleText(
  { platform, does, files }: NonNullable<InitReport["pipeline"]["proposed"]>,
  style: Style,
): string {
  return [
    style.colors.bold(`proposed for ${platform}`),
    slot(style, "", does, 0),
    ...files.map(({ path, text }) => `\n  ${style.colors.cyan(path)}\n${indented(text)}`),
  ].join("\n");
}

function indented(text: string): string {
  return text
    .trimEnd()
    .split("\n")
    .map((line) => (line === "" ? "" : `    ${line}`))
    .join("\n");
}

function nextCommands({ config: { file }, migrations }: InitDatabase): readonly string[] {
  const named = /^lockstep\.config\.\w+$/.test(file) ? "" : ` -c ${shellWord(file)}`;
  const commands =
    migrations.applied === "others" ? ["check", "gate"] : ["check", "status", "gate"];
  return commands.map((command) => `npx lockstep ${command}${named}`);
}
