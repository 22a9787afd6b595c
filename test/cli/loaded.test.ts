import { existsSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { expect, it } from "vitest";

const src = join(import.meta.dirname, "../../src");

/** Modules that are loaded together with one: what it imports, but for types and what it loads later by `import()`. */
function loadedWith(entry: string, found = new Set<string>()): ReadonlySet<string> {
  if (found.has(entry) || !existsSync(entry)) return found;
  found.add(entry);
  const text = readFileSync(entry, "utf8");
  for (const [, words, path] of text.matchAll(/^(?:import|export) ([^;]*?) ?from "(\.[^"]+)";$/gm))
    if (!isTypeOnly(words!)) loadedWith(join(dirname(entry), path!), found);
  return found;
}

function isTypeOnly(words: string): boolean {
  if (words.startsWith("type ")) return true;
  const named = /^\{([^}]*)\}$/s.exec(words)?.[1];
  if (named === undefined) return false;
  const names = named.split(",").filter((name) => name.trim() !== "");
  return names.every((name) => name.trim().startsWith("type "));
}

/** A deploy without a plan starts as if there were none. */
it.each(["migrate", "deploy", "status", "backfill"])(
  "lockstep %s loads neither what makes plans nor effects",
  (command) => {
    const loaded = [...loadedWith(join(src, `cli/commands/${command}.ts`))].map((path) =>
      relative(src, path),
    );
    expect(loaded.length).toBeGreaterThan(100);
    expect(loaded).toContain("plan/folder/store.ts");
    expect(
      loaded.filter((path) =>
        /^(?:effects\/|plan\/(?:operations|prove|dual-writes\/statements))/.test(path),
      ),
    ).toEqual([]);
  },
);
