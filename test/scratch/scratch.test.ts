import { describe, expect, it } from "vitest";
import { Session } from "../../src/pg/index.ts";
import { startScratch, supportedMajors } from "../../src/scratch/index.ts";

describe.each(supportedMajors)("scratch Postgres %i", (major) => {
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
