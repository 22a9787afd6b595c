import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { rooms } from "../../rooms.mjs";
import { errorCodes } from "../../src/errors/index.ts";
import { stages } from "../../src/deploy/index.ts";

const root = join(dirname(fileURLToPath(import.meta.url)), "../..");
const page = (name: string) => readFileSync(join(root, name), "utf8");

it("docs/errors.md explains each error code and no other, with its exit code", () => {
  const sections = [
    ...page("docs/errors.md").matchAll(/^### `([a-z0-9-]+)` \(exit code (\d)\)$/gm),
  ];
  const documented = Object.fromEntries(sections.map(([, code, exit]) => [code, Number(exit)]));
  expect(documented).toEqual({ ...errorCodes });
});

it("docs/architecture.md shows the rooms that the linter enforces", () => {
  const table = /<!-- rooms -->([\s\S]*)<!-- \/rooms -->/.exec(page("docs/architecture.md"))![1]!;
  const rows = [...table.matchAll(/^\| (\w+) \| [^|]+ \| ([^|]+) \|$/gm)].slice(1);
  const shown = Object.fromEntries(
    rows.map(([, room, imports]) => [room, imports === "–" ? [] : imports!.trim().split(", ")]),
  );
  expect(shown).toEqual(rooms);
});

it("every room of src/ is in the table", () => {
  const folders = readdirSync(join(root, "src"), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);
  expect(folders.filter((name) => name !== "cli").toSorted()).toEqual(
    Object.keys(rooms).toSorted(),
  );
});

it("docs/deploy.md has a way out for a failure at each stage", () => {
  for (const stage of stages)
    expect(page("docs/deploy.md")).toMatch(new RegExp(`^\\| ${stage} \\|`, "m"));
});

it("no page links to a file that is not there", () => {
  const pages = ["README.md", "CHANGELOG.md", "examples/storefront/README.md"].concat(
    readdirSync(join(root, "docs"), { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".md"))
      .map((name) => join("docs", name)),
  );
  const broken = pages.flatMap((name) =>
    [...page(name).matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)/g)]
      .map(([, target]) => join(dirname(name), target!))
      .filter((target) => {
        try {
          readFileSync(join(root, target));
          return false;
        } catch (error) {
          return (error as NodeJS.ErrnoException).code === "ENOENT";
        }
      }),
  );
  expect(broken).toEqual([]);
});

it("lockstep/runtime imports nothing but its own files and types", () => {
  const folder = join(root, "src/runtime");
  const imports = readdirSync(folder).flatMap((name) =>
    [
      ...readFileSync(join(folder, name), "utf8").matchAll(
        /^(?:import|export)\b(?! type).*?from "([^"]+)"/gm,
      ),
    ].map(([, target]) => target!),
  );
  expect(imports.length).toBeGreaterThan(0);
  expect(imports.filter((target) => !/^\.\/[a-z-]+\.ts$/.test(target))).toEqual([]);
});
