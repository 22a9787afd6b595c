import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { spawnSync } from "node:child_process";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findClient } from "../../src/snapshot/clients.ts";
import { lastRestored } from "../../src/snapshot/index.ts";
import { startScratch, type Scratch } from "../../src/scratch/index.ts";
import { Product, confirmed, shop } from "../deploy/product.ts";
import { temporaryFolder } from "../support/folder.ts";

/** Major of this machine's pg_dump; undefined without one. It dumps its own and older majors. */
const clientMajor = (() => {
  const { stdout } = spawnSync("pg_dump", ["--version"], { encoding: "utf8" });
  const major = / (\d+)\./.exec(stdout ?? "")?.[1];
  return major === undefined ? undefined : Number(major);
})();

describe("on 14, with an archive", () => {
  let scratch: Scratch;
  const archive = temporaryFolder();
  beforeAll(async () => {
    chmodSync(archive.path, 0o777);
    scratch = await startScratch({
      major: 14,
      settings: {
        wal_level: "replica",
        archive_mode: "on",
        archive_command: `cp %p ${archive.path}/%f`,
      },
    });
  });
  afterAll(async () => {
    await scratch.close();
    archive[Symbol.dispose]();
  });

  it.runIf(clientMajor !== undefined && clientMajor >= 14)(
    "a dump is made before migrations are applied, listed with what it lacks, and verified",
    async () => {
      await using product = await Product.make(scratch, { migrations: { "0001_shop.sql": shop } });
      await product.run(["migrate"]);
      await product.ask(
        "INSERT INTO orders SELECT n, n, 'secret ' || n FROM generate_series(1, 500) AS n",
      );
      await product.ask(
        "CREATE VIEW dear AS SELECT * FROM orders WHERE total > 3; CREATE MATERIALIZED VIEW sums AS SELECT sum(total) FROM orders; CREATE TABLE parts (id int) PARTITION BY RANGE (id); CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (10); INSERT INTO parts VALUES (1), (2)",
      );
      // The server counts a moment later (to 14 in a process of its own), and a database that it has not counted in yet has no counters.
      const counted =
        "SELECT FROM pg_stat_database WHERE datname = current_database() AND tup_inserted > 500";
      while ((await product.ask(counted)).length === 0) await sleep(20);
      product.write({ migrations: { "0002_confirmed.sql": confirmed } });
      const migrated = await product.run(["migrate", "--snapshot", "--format", "ndjson"]);
      expect(migrated.exitCode).toBe(0);
      expect(migrated.stdout).toContain('"stage":"snapshot"');
      expect((await product.run(["migrate", "--snapshot"])).exitCode).toBe(0);
      await product.ask("INSERT INTO orders (id, total) VALUES (1000, 1), (1001, 2)");
      const { stdout } = await product.run(["snapshot", "list", "--json"]);
      const { snapshots } = JSON.parse(stdout) as {
        snapshots: readonly {
          name: string;
          place: string;
          by: string;
          since: { seconds: number };
        }[];
      };
      // Nothing was pending the second time.
      expect(snapshots).toHaveLength(1);
      const { name, place } = snapshots[0]!;
      expect(place).toBe(join(product.folder.path, "lockstep-snapshots", name));
      const listed = await product.run(["snapshot", "list"]);
      expect(listed.stdout).toMatch(/lacks +the last .* inserted, .* updated, .* deleted since/);

      const verify = ["snapshot", "verify", "--scratch-url", scratch.url];
      const whole = await product.run([...verify, "--json"]);
      expect(whole.exitCode).toBe(0);
      expect(JSON.parse(whole.stdout)).toMatchObject({ name, major: 14, differences: [] });
      expect(JSON.parse(whole.stdout)).not.toMatchObject({ rows: 0 });
      const { restoreMs } = JSON.parse(whole.stdout) as { restoreMs: number };
      expect(lastRestored(join(place, ".."))).toMatchObject({
        name,
        ms: restoreMs,
        tables: { "public.orders": expect.any(Number), "public.parts_1": expect.any(Number) },
      });
      const manifest = join(place, "lockstep.json");
      const manifestText = readFileSync(manifest, "utf8");
      const one = '"\\"public\\".\\"orders\\"":500';
      expect(manifestText).toContain(one);
      writeFileSync(manifest, manifestText.replace(one, one.replace("500", "501")));
      const short = await product.run([...verify, name]);
      expect([short.exitCode, short.stdout]).toEqual([
        1,
        expect.stringContaining('"public"."orders": 500 rows, and 501 rows were dumped'),
      ]);
      const data = readdirSync(place).find((file) => file.endsWith(".dat.gz"));
      rmSync(join(place, data!));
      const torn = await product.run([...verify, place]);
      expect([torn.exitCode, torn.stderr]).toEqual([
        2,
        expect.stringContaining("error[snapshot-failed]"),
      ]);
      expect((await product.run([...verify, "other"])).stderr).toContain('no snapshot "other"');
      // A name that another one has, or is about to have, is left to it.
      mkdirSync(join(dirname(place), "begun.partial"));
      for (const [taken, text] of [
        [name, "there is a dump at"],
        ["begun", "begun.partial cannot be made"],
      ] as const) {
        const second = await product.run(["snapshot", "create", "--name", taken]);
        expect([second.exitCode, second.stderr]).toEqual([2, expect.stringContaining(text)]);
      }
      const left = readdirSync(dirname(place)).toSorted();
      expect(left).toEqual([name, "begun.partial"].toSorted());
    },
  );

  it.runIf(clientMajor !== undefined && clientMajor >= 14)(
    "a deploy makes one before its first change, records it, and names it when it fails",
    async () => {
      await using product = await Product.make(scratch, {
        deploy: { command: "exit 1", snapshot: { before: true } },
      });
      const failed = await product.run(["deploy", "--release", "v2", "--format", "ndjson"]);
      expect(failed.exitCode).toBe(3);
      const lines = failed.stdout.trim().split("\n");
      const stages = lines
        .map((line) => JSON.parse(line) as { type: string; stage?: string })
        .flatMap(({ type, stage }) => (type === "stage.started" ? [stage] : []));
      expect(stages.slice(0, 4)).toEqual(["preflight", "compatibility", "snapshot", "migrate"]);
      const { error } = JSON.parse(lines.at(-1)!) as { error: { why: string } };
      expect(error.why).toMatch(
        /snapshot before-[\d-]+ of .* is at .*; it does not bring back what was written since/,
      );
      const [{ place }] = (await product.ask(
        "SELECT detail->'snapshot'->>'place' AS place FROM lockstep.run WHERE command = 'deploy'",
      )) as [{ place: string }];
      expect(existsSync(join(place, "toc.dat"))).toBe(true);
      product.write({ deploy: { snapshot: { before: true } } });
      expect((await product.run(["deploy", "--release", "v2"])).exitCode).toBe(0);
      product.write({ migrations: { "0003_more.sql": "CREATE TABLE more (id int);" } });
      product.write({ deploy: { snapshot: { before: true } } });
      const without = ["deploy", "--release", "v3", "--without-snapshot", "nothing is lost"];
      expect((await product.run(without)).stderr).toContain(
        "no snapshot is taken: nothing is lost",
      );
      expect(
        await product.ask(
          "SELECT command, count(*)::int AS runs, string_agg(detail->>'withoutSnapshot', '') AS why FROM lockstep.run GROUP BY 1 ORDER BY 1",
        ),
      ).toEqual([
        { command: "deploy", runs: 3, why: "nothing is lost" },
        { command: "snapshot", runs: 1, why: null },
      ]);
    },
  );

  it("a restore point is waited for until the archive has it; what SQL cannot show is said", async () => {
    await using product = await Product.make(scratch);
    const create = ["snapshot", "create", "--by", "restore-point", "--name", "before-0042"];
    const { exitCode, stdout } = await product.run([...create, "--json"]);
    expect(exitCode).toBe(0);
    const { says, notKnown } = JSON.parse(stdout) as Record<"says" | "notKnown", readonly string[]>;
    expect(says[0]).toMatch(/^restore point before-0042 at [0-9A-F]+\/[0-9A-F]+, in [0-9A-F]{24}$/);
    const file = says[0]!.slice(-24);
    expect(says[1]).toContain(`the archive has ${file}`);
    expect(existsSync(join(archive.path, file))).toBe(true);
    expect(notKnown.join("\n")).toContain("that a base backup is there");
  });
});

describe("on 18, without one", () => {
  let scratch: Scratch;
  beforeAll(async () => {
    scratch = await startScratch();
  });
  afterAll(() => scratch.close());

  it("a restore point that is no way back is refused, and nothing is begun without it", async () => {
    await using product = await Product.make(scratch, {
      deploy: { snapshot: { by: "restore-point", before: true } },
    });
    const { exitCode, stderr } = await product.run(["migrate"]);
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining("error[snapshot-failed]")]);
    expect(await product.columns()).toEqual([]);
    expect((await product.run(["deploy"])).stderr).toContain("error[snapshot-failed]");
    expect(await product.columns()).toEqual([]);
    expect(
      await product.ask("SELECT DISTINCT command, outcome FROM lockstep.run ORDER BY 1"),
    ).toEqual([
      { command: "deploy", outcome: "failed" },
      { command: "snapshot", outcome: "failed" },
    ]);
  });

  it.runIf(clientMajor === undefined || clientMajor < 18)(
    "a pg_dump that is older than the server is refused, and the right one named",
    async () => {
      await using product = await Product.make(scratch);
      const { exitCode, stderr } = await product.run(["snapshot", "create"]);
      expect([exitCode, stderr]).toEqual([
        2,
        expect.stringContaining("error[snapshot-client-missing]"),
      ]);
      expect(stderr).toContain("postgresql-client-18");
      expect(existsSync(join(product.folder.path, "lockstep-snapshots"))).toBe(false);
    },
  );

  it("of several clients the nearest one that is new enough is taken", async () => {
    using folder = temporaryFolder();
    for (const major of [13, 15, 17, 18]) {
      mkdirSync(join(folder.path, `${major}/bin`), { recursive: true });
      folder.write(
        `${major}/bin/pg_dump`,
        `#!/bin/sh\necho "pg_dump (PostgreSQL) ${major}.2 (Debian)"\n`,
      );
      chmodSync(join(folder.path, `${major}/bin/pg_dump`), 0o755);
    }
    const env = { PATH: join(folder.path, "13/bin") };
    const places = [join(folder.path, "*/bin")];
    expect(await findClient("pg_dump", 16, env, places)).toMatchObject({
      major: 17,
      version: "17.2",
    });
    await expect(findClient("pg_dump", 19, env, places)).rejects.toMatchObject({
      code: "snapshot-client-missing",
      explanation: { found: expect.stringContaining("18.2") },
    });
    await expect(findClient("pg_restore", 14, env, places)).rejects.toMatchObject({
      explanation: { found: "no pg_restore" },
    });
  });
});
