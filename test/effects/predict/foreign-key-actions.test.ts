import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Session, sqlState } from "../../../src/pg/index.ts";
import { startScratch, type Scratch } from "../../../src/scratch/index.ts";
import { predicted, worldOf } from "./support.ts";

const changes = [
  ["DELETE", "DELETE FROM parents"],
  ["UPDATE", "UPDATE parents SET id = 2"],
] as const;
const actions = ["NO ACTION", "RESTRICT", "CASCADE", "SET NULL", "SET DEFAULT"];
const cases = changes.flatMap(([event, sql]) => actions.map((action) => ({ event, action, sql })));

function schemaOf(event: string, action: string): string {
  return `
    CREATE TABLE parents (id int PRIMARY KEY);
    CREATE TABLE children (parent_id int NOT NULL DEFAULT 7 REFERENCES parents ON ${event} ${action})`;
}

describe.each([14, 17, 18])("a parent with children on Postgres %i", (major) => {
  let scratch: Scratch;
  let session: Session;

  beforeAll(async () => {
    scratch = await startScratch({ major });
    const database = await scratch.createDatabase();
    session = await Session.open({ url: database.url, applicationName: "test" });
  });

  afterAll(async () => {
    await session.close();
    await scratch.close();
  });

  test.each(cases)("ON $event $action", async ({ event, action, sql }) => {
    const schema = schemaOf(event, action);
    await session.query(
      `BEGIN; ${schema}; INSERT INTO parents VALUES (1); INSERT INTO children VALUES (1)`,
    );
    const error = await session.query(sql).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    await session.query("ROLLBACK");

    const { failures } = await predicted(sql, await worldOf(schema, major));
    const states = failures
      .filter(({ when }) => when === "on-rows")
      .map((failure) => failure.sqlState);
    // Children that follow their parent are looked up again, which no row can fail here.
    if (error === undefined) expect(action).toBe("CASCADE");
    else expect(states).toEqual([sqlState(error)]);
  });
});
