/**
 * Runs each tool of `projects.ts` for real, under guard and alone, and prints the table of docs/tools.md. Not part of the
 * suite. From the repository's root:
 *
 *     node --import jiti/register test/recording/table.ts
 */
import { symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { installed, runCommand } from "../../src/processes/index.ts";
import { Session } from "../../src/pg/index.ts";
import { startScratch } from "../../src/scratch/index.ts";
import { readMigrations } from "../../src/tools/index.ts";
import { runWrapped } from "../../src/wrapped/index.ts";
import { temporaryFolder } from "../support/folder.ts";
import { projects, type ToolProject } from "./projects.ts";

const env = { PATH: process.env["PATH"], HOME: process.env["HOME"] };

await using scratch = await startScratch();
const lines = [
  "| tool, as it was run | by `lockstep migrate` | alone afterwards | an applied file was edited | a file was merged behind |",
  "| --- | --- | --- | --- | --- |",
];
for (const one of projects) lines.push(await rowOf(one));
process.stdout.write(`${lines.join("\n")}\n`);

async function rowOf(one: ToolProject): Promise<string> {
  using folder = temporaryFolder(one.files);
  symlinkSync(resolve("node_modules"), join(folder.path, "node_modules"));
  const { url } = await scratch.createDatabase();
  await using session = await Session.open({ url, applicationName: "table" });
  const named = one.isConfigured === true ? { tool: one.tool, command: one.command } : {};
  const read = async () => readMigrations({ folder: "m", cwd: folder.path, ...named });
  const listed = await read();
  const command = installed(one.command, folder.path);
  const { applied, ended } = await runWrapped({
    url,
    folder: listed,
    command,
    shown: "",
    cwd: folder.path,
    root: folder.path,
    env,
    urlVariables: [],
    recorded: async () => undefined,
    emit: () => {},
  });
  const rows = async () => (await listed.ledger!.read(session, (await read()).migrations)).length;
  const alone = async () => {
    const before = await rows();
    const run = await runCommand({
      command,
      cwd: folder.path,
      env: { ...env, DATABASE_URL: url },
      emit: () => {},
      redact: (line) => line,
    });
    return { ended: run.ended.replace("exit code", "exit"), ran: (await rows()) - before };
  };
  const told = ({ ended: end, ran }: Awaited<ReturnType<typeof alone>>) =>
    `${ran > 0 ? "runs it" : "nothing"}, ${end}`;
  const again = told(await alone());
  const [first] = listed.migrations;
  const text = one.files[first!.file]!;
  writeFileSync(join(folder.path, first!.file), `${text}// edited\n`);
  const edited = await alone();
  writeFileSync(join(folder.path, first!.file), text);
  const { file, text: late } = one.third;
  const behind = file
    .replace(/\/3/, "/0")
    .replace("1700000000002", "1600000000000")
    .replace("20240301", "20230301");
  const renamed = late
    .replaceAll("1700000000002", "1600000000000")
    .replaceAll("20240301", "20230301");
  writeFileSync(join(folder.path, behind), renamed);
  const merged = await alone();
  const cells = [
    `${one.tool} ${one.version}`,
    `${applied.length} of 2 applied, ${ended?.replace("exit code", "exit")}`,
    again,
    edited.ended === "exit 0" ? "does not notice" : "refuses",
    merged.ran > 0
      ? "runs it"
      : merged.ended === "exit 0"
        ? "**passes over it, exit 0**"
        : "refuses",
  ];
  return `| ${cells.join(" | ")} |`;
}
