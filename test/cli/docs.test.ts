import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Command, Option } from "commander";
import { describe, expect, it } from "vitest";
import { buildProgram } from "../../src/cli/program.ts";
import { configShape } from "../../src/config/schema.ts";
import type { Shape } from "../../src/config/shape.ts";

const root = join(import.meta.dirname, "../..");
const page = (name: string) => readFileSync(join(root, "docs", name), "utf8");

const context = {
  cwd: root,
  env: {},
  stdout: { write: () => {} },
  stderr: { write: () => {} },
  signal: new AbortController().signal,
};

/** Commands that do something, by their full names. */
function leavesOf(command: Command, name = ""): readonly (readonly [string, Command])[] {
  return command.commands.flatMap((each) => {
    const full = `${name}${each.name()}`;
    return each.commands.length > 0 ? leavesOf(each, `${full} `) : [[full, each] as const];
  });
}

const leaves = leavesOf(buildProgram(context, () => {}));

function rowOf({ flags, description, argChoices }: Option): string {
  const choices = argChoices?.map((choice) => `\`${choice}\``).join(", ");
  return `| \`${flags}\` | ${description}${choices === undefined ? "" : `: ${choices}`} |`;
}

/** Commands that have an option with these very words, by the option's row. */
const owners = new Map<string, readonly string[]>();
for (const [name, command] of leaves)
  for (const option of command.options)
    owners.set(rowOf(option), [...(owners.get(rowOf(option)) ?? []), name]);

describe("docs/cli.md", () => {
  const text = page("cli.md");
  const section = (title: string) =>
    new RegExp(`^## ${title}$([\\s\\S]*?)(?=^## |(?![\\s\\S]))`, "m").exec(text)?.[1] ?? "";
  const rows = (title: string) => section(title).match(/^\| `-.*\|$/gm) ?? [];

  it("has every command with its description", () => {
    const shown = text.match(/^\| \[`.*\|$/gm);
    expect(shown).toEqual(
      leaves.map(
        ([name, command]) =>
          `| [\`${name}\`](#${name.replaceAll(" ", "-")}) | ${command.description()} |`,
      ),
    );
  });

  it("has the options of several commands, with the commands", () => {
    expect(rows("Options of several commands")).toEqual(
      [...owners]
        .filter(([, names]) => names.length > 1)
        .map(([row, names]) => `${row} ${names.map((name) => `\`${name}\``).join(", ")} |`),
    );
  });

  it.each(leaves.map(([name]) => name))("has the options of %s alone", (name) => {
    const own = [...owners].filter(([, names]) => names.length === 1 && names[0] === name);
    expect(section(name)).not.toBe("");
    expect(rows(name)).toEqual(own.map(([row]) => row));
  });

  it("has every variable that the code reads", () => {
    const files = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" });
    const read = files
      .filter((file) => file.endsWith(".ts"))
      .flatMap(
        (file) =>
          readFileSync(join(root, "src", file), "utf8").match(/\bLOCKSTEP_[A-Z_]+\b/g) ?? [],
      );
    const given = ["LOCKSTEP_ENVIRONMENT"];
    for (const name of new Set(read))
      if (!given.includes(name)) expect(text).toContain(`\`${name}`);
  });
});

it("an option that a message names exists", () => {
  const flags = new Set([...owners.keys()].flatMap((row) => row.match(/--[a-z-]+/g) ?? []));
  const files = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" });
  for (const file of files.filter((name) => name.endsWith(".ts"))) {
    const source = readFileSync(join(root, "src", file), "utf8");
    for (const [sentence] of source.matchAll(/lockstep [a-z]+[^"`\n]*--[^"`\n]*/g))
      for (const [flag] of sentence.matchAll(/--[a-z-]+/g))
        expect([file, flag, [...flags, "--help"].includes(flag)]).toEqual([file, flag, true]);
  }
});

describe("docs/config.md", () => {
  it("has every key and no other", () => {
    const shown = [...page("config.md").matchAll(/^\| `([^`]+)` \|/gm)].map(([, key]) => key!);
    const own = keysOf(configShape).filter(
      (key) => !/^environments\.<name>\.(?!url|statusFile)/.test(key),
    );
    expect(shown.toSorted()).toEqual(own.toSorted());
  });

  it("says the defaults that the code has", () => {
    const runner = readFileSync(join(root, "src/runner/options.ts"), "utf8");
    for (const [, key, value] of runner.matchAll(/^ {2}(\w+Ms|attempts): ([\d_]+),$/gm)) {
      const row = new RegExp(`^\\| \`runner\\.${key}\` \\|.*$`, "m").exec(page("config.md"))?.[0];
      const text = Number(value!.replaceAll("_", "")).toLocaleString("en-US");
      if (row !== undefined) expect(row).toContain(`${text} by default`);
    }
  });
});

/** The places of a config that hold a value, as `environments.<name>.url` and `contract.checks[].sql`. */
function keysOf(shape: Shape, path = ""): readonly string[] {
  if (shape.kind === "object")
    return Object.entries(shape.keys).flatMap(([key, each]) =>
      keysOf(each, path === "" ? key : `${path}.${key}`),
    );
  if (shape.kind === "named") return keysOf(shape.item, `${path}.<name>`);
  if (shape.kind === "list" && shape.item.kind === "object") return keysOf(shape.item, `${path}[]`);
  return [path];
}
