import { Session } from "../../src/pg/index.ts";
import { startScratch, supportedMajors, type Scratch } from "../../src/scratch/index.ts";
import { fixtureSql } from "./fixture.ts";

export const majors = supportedMajors;

/** A scratch server of one major with the fixture's schema as a template. */
export async function startWithFixture(major: number): Promise<Scratch> {
  const scratch = await startScratch({ major });
  await fixtureTemplate(scratch);
  return scratch;
}

/** Name of the template database that holds the fixture. */
export async function fixtureTemplate(scratch: Scratch): Promise<string> {
  return scratch.template("catalog-fixture", async (url) => {
    await using session = await open(url);
    await session.batch(fixtureSql(scratch.major));
  });
}

/** A session on a new copy of the fixture. */
export async function openFixture(scratch: Scratch): Promise<Session> {
  const template = await fixtureTemplate(scratch);
  return open((await scratch.createDatabase({ template })).url);
}

export async function open(url: string): Promise<Session> {
  return Session.open({ url, applicationName: "catalog-test" });
}
