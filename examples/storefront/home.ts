/** Where this example's files are, whether its source runs or its compiled copy in `examples/.build`. */
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

function findHome(): string {
  const start = dirname(fileURLToPath(import.meta.url));
  for (let folder = start; folder !== dirname(folder); folder = dirname(folder)) {
    const home = join(folder, "storefront");
    if (existsSync(join(home, "migrations", "meta", "_journal.json"))) return home;
  }
  throw new Error(`No storefront folder with migrations above ${start}`);
}

/** The folder `examples/storefront`. */
export const home = findHome();

/** Drizzle Kit's folder: the history of the schema through all releases. */
export const migrationsDir = join(home, "migrations");

/** The files the shop sells. */
export const assetsDir = join(home, "assets");
