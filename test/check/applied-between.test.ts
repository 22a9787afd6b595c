import { expect, it } from "vitest";
import { temporaryFolder } from "../support/folder.ts";
import { checked, rulesOf } from "./checked.ts";

it("files between those that are checked meet no generated rows, and are known where an extension lacks", async () => {
  using folder = temporaryFolder({
    "migrations/0001_posts.sql": "CREATE TABLE posts (id bigint PRIMARY KEY, body text);",
    "migrations/0002_vector.sql": "CREATE EXTENSION vector;",
    "migrations/0003_title.sql": "ALTER TABLE posts ADD COLUMN title text NOT NULL;",
    "migrations/0004_near.sql": "CREATE TABLE near (post bigint PRIMARY KEY, at vector(3));",
    "migrations/0005_index.sql": "CREATE INDEX ON posts (title);\nCREATE INDEX ON near (post);",
  });
  const { report } = await checked(
    folder,
    "--transaction",
    "statement",
    "migrations/0002_vector.sql",
    "migrations/0005_index.sql",
  );
  expect(rulesOf(report).filter((rule) => !rule.startsWith("lock-"))).toEqual([
    "blocking-index-build:1",
    "blocking-index-build:2",
  ]);
  const last = report.files.at(-1)!.statements;
  expect(last.map(({ source }) => source)).toEqual(["observed", "predicted"]);
});
