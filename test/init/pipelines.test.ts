import { join } from "node:path";
import { expect, it } from "vitest";
import { pipelineExamples } from "../../src/init/index.ts";
import { places, reportOn } from "../pipeline/repository.ts";

const examples = join(import.meta.dirname, "../../examples/pipelines");

it.each(pipelineExamples.map((example) => [example.platform, example] as const))(
  "%s: the example's files are those of examples/pipelines, and our own check has nothing to say of them",
  async (_platform, { id, sign, files }) => {
    for (const { path, text } of files)
      await expect(text).toMatchFileSnapshot(join(examples, id, path));
    expect(files.some(({ path }) => sign.test(path)) || id === "pm2-over-ssh").toBe(true);
    const report = await reportOn({
      "migrations/0001_one.sql": "CREATE TABLE one (id bigint PRIMARY KEY);",
      ...Object.fromEntries(files.map(({ path, text }) => [path, text])),
    });
    expect(places(report)).toEqual([]);
    expect(report.notes).toEqual([]);
    const applied = report.steps.filter(({ kind }) => kind === "migrate");
    expect(applied.map(({ tool }) => tool.split(" ", 1)[0])).toContain("lockstep");
    expect(applied.some(({ environment }) => environment !== "test")).toBe(true);
  },
);

it("docs/pipelines.md shows every example", async () => {
  const language = (path: string) => /\.(ya?ml|json|toml|sh)$/.exec(path)?.[1] ?? "";
  const sections = pipelineExamples.map(({ id, platform, does, files }) =>
    [
      `## ${platform}`,
      `${does} (\`lockstep init --pipeline ${id}\`)`,
      ...files.map(({ path, text }) => `\`${path}\`:\n\n\`\`\`${language(path)}\n${text}\`\`\``),
    ].join("\n\n"),
  );
  await expect(`${[intro, ...sections].join("\n\n")}\n`).toMatchFileSnapshot(
    join(import.meta.dirname, "../../docs/pipelines.md"),
  );
});

const intro = `# Pipelines, ready to take over

Each deploys one way: migrations before code, the gate in between, one deploy at a time, and nothing that hides a failure. \`lockstep
check\` reads these files as it reads yours, and has nothing to say of them (a test sees to it); they are also in
\`examples/pipelines\`. \`lockstep init\` prints the one of a repository's platform with its own names.`;
