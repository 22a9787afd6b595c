import { describe, expect, it } from "vitest";
import { Session } from "../../src/pg/index.ts";
import { startScratch, supportedMajors } from "../../src/scratch/index.ts";

/** Other lines of Node try one (scripts/node-lines.mjs). */
const majors = process.env["LOCKSTEP_TEST_MAJORS"]?.split(",").map(Number) ?? supportedMajors;

describe.each(majors)("scratch Postgres %i", (major) => {
  it("boots, copies a template and is gone after close", async () => {
    const scratch = await startScratch({ major });
    const template = await scratch.template("kept", async (url) => {
      await using session = await Session.open({ url, applicationName: "test" });
      await session.query("CREATE TABLE kept (id int)");
    });
    const database = await scratch.createDatabase({ template });
    const session = await Session.open({ url: database.url, applicationName: "test" });
    const { rows } = await session.query(
      "SELECT current_setting('server_version_num')::int / 10000 AS major, (SELECT count(*)::int FROM kept) AS kept",
    );
    expect(rows).toEqual([{ major, kept: 0 }]);
    await session.close();
    await scratch.close();
    await expect(
      Session.open({ url: database.url, applicationName: "test" }),
    ).rejects.toMatchObject({ code: "connection-refused" });
  });
});

it("drops what killed processes made on a server given by URL, and nothing that is used", async () => {
  await using server = await startScratch();
  await using session = await Session.open({ url: server.url, applicationName: "test" });
  const databases = async () =>
    (
      await session.queryArrays(
        "SELECT datname FROM pg_database WHERE datname LIKE 'lockstep_scratch%' ORDER BY 1",
      )
    ).flat();
  const killed = await startScratch({ url: server.url });
  const [left, used] = [await killed.createDatabase(), await killed.createDatabase()];
  const own = await server.createDatabase();
  await using running = await startScratch({ url: server.url });
  const other = await running.createDatabase();
  await using user = await Session.open({ url: used.url, applicationName: "test" });
  expect(await databases()).toEqual([left, used, own, other].map(({ name }) => name).toSorted());
  // All that a server notices of it: the session that made them ends.
  await session.query("SELECT pg_terminate_backend($1, 10000)", [left.name.split("_")[2]]);
  await using next = await startScratch({ url: server.url });
  expect(await databases()).toEqual([used, own, other].map(({ name }) => name).toSorted());
  await user.close();
  await next.close();
});
