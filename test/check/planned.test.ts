import { join } from "node:path";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { readPlan, writeManifest, writePlan, type Proof } from "../../src/plan/index.ts";
import { planWith } from "../plan/bare-plan.ts";
import { temporaryFolder } from "../support/folder.ts";
import { checked, rulesOf, schema } from "./checked.ts";
import { createHash } from "node:crypto";

const migration = "ALTER TABLE users RENAME COLUMN email TO mail;\n";
const file = "migrations/0002_mail.sql";

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

describe("a migration with a plan", () => {
  it("has no hazards when the plan is proven for its text, and those of its text otherwise", async () => {
    using folder = temporaryFolder({ "migrations/0001_users.sql": schema, [file]: migration });
    const plain = await checked(folder, "--static", file);
    expect(plain.exitCode).toBe(1);
    const path = writePlan(folder.path, planWith(), {
      version: 1,
      id: "p1",
      migration: { id: "0002_mail", file, checksum: sha256(migration) },
      major: 18,
      searchPath: ["public"],
      start: { serverMajor: 18, tables: {} },
      notes: [],
      remains: [],
    });
    expect((await checked(folder, "--static", file)).exitCode).toBe(1);
    const { manifest, checksum } = await readPlan(join(folder.path, path), folder.path);
    const result = { failures: [] } as unknown as Proof;
    const proof = { files: checksum, at: new Date(0).toISOString(), result };
    writeManifest(join(folder.path, path), { ...manifest, proof });
    const planned = await checked(folder, "--static", file);
    expect(planned.exitCode).toBe(0);
    expect(planned.report.suppressed.map(({ reason }) => reason)).toContain(
      "it is run as the proven plan lockstep/plans/p1",
    );
    folder.write(file, `${migration}-- edited\n`);
    expect((await checked(folder, "--static", file)).exitCode).toBe(1);
    folder.write(file, migration);
    folder.write(
      `${path}/expand.sql`,
      `${readFileSync(join(folder.path, path, "expand.sql"), "utf8")}SELECT 1;\n`,
    );
    const edited = await checked(folder, "--static", file);
    expect(rulesOf(edited.report)).toEqual(rulesOf(plain.report));
  });
});
