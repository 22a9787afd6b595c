import { once } from "node:events";
import { afterAll, beforeAll, expect, it } from "vitest";
import { runPhase } from "../../src/phases/index.ts";
import { Session } from "../../src/pg/index.ts";
import { startScratch, type Scratch } from "../../src/scratch/index.ts";
import { startChild } from "./harness-killer.ts";
import { ask, project } from "./support.ts";

const base = `
CREATE TABLE item (id integer PRIMARY KEY);
CREATE FUNCTION five() RETURNS integer LANGUAGE sql AS 'SELECT 5';
`;

let scratch: Scratch;
beforeAll(async () => {
  scratch = await startScratch({ major: 18 });
});
afterAll(() => scratch.close());

/** Steps of which the catalog does not tell whether they were done: the ledger does, for it says so in their transaction. */
it.each([
  "COMMENT ON TABLE item IS 'things'",
  "GRANT SELECT (id) ON item TO PUBLIC",
  "do\n$$ BEGIN PERFORM five(); LOCK TABLE item; END $$",
])(
  "%s, killed with -9 in the middle, needs nobody to say whether it was done",
  async (naive) => {
    using tried = await project(scratch, { base, naive: `${naive};` });
    expect(tried.made.parts.map(({ kind }) => kind)).toEqual(["kept"]);
    const url = await tried.database();
    await using holder = await Session.open({ url, applicationName: "test" });
    await holder.query("BEGIN");
    await holder.query("LOCK TABLE item");
    const child = startChild();
    child.stdin!.end(JSON.stringify([url, tried.root.path, "p1", "expand"]));
    const waiting =
      "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()";
    await expect.poll(() => ask(url, waiting), { timeout: 60_000 }).not.toEqual([]);
    child.kill("SIGKILL");
    await once(child, "close");
    await holder.query("COMMIT");
    const { plan, carries } = tried;
    const result = await runPhase({ url, plan, carries, phase: "expand", emit: () => undefined });
    expect(result.phase).toBe("backfill");
  },
  180_000,
);
