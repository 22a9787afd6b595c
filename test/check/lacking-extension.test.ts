import { expect, it } from "vitest";
import { temporaryFolder } from "../support/folder.ts";
import { checked, rulesOf } from "./checked.ts";

it.each(["14", "18"])("what a scratch server of %s cannot install is predicted", async (pg) => {
  using folder = temporaryFolder({
    "base.sql": "CREATE TABLE posts (id bigint PRIMARY KEY, body text);",
    "1_extension.sql": "CREATE EXTENSION IF NOT EXISTS vector;\n",
    "2_column.sql": [
      "CREATE TABLE embeddings (post bigint PRIMARY KEY, is_near vector(3) NOT NULL);",
      "CREATE INDEX ON embeddings USING hnsw (is_near);",
      "DO $$ BEGIN PERFORM 1; END $$;",
    ].join("\n"),
    "3_index.sql": "CREATE INDEX ON embeddings (post);\nCREATE INDEX ON posts (body);\n",
  });
  const { report } = await checked(
    folder,
    "--pg",
    pg,
    "--base",
    "base.sql",
    "--transaction",
    "file",
    "1_extension.sql",
    "2_column.sql",
    "3_index.sql",
  );
  expect(report.findings.map(({ rule }) => rule)).not.toContain("fails-always");
  expect(rulesOf(report)).toContain("blocking-index-build:2");
  expect(report.notes.filter(({ kind }) => kind === "not-observed")).toEqual([
    expect.objectContaining({ message: expect.stringContaining("extension vector") as unknown }),
  ]);
  const sources = report.files.flatMap(({ statements }) => statements.map(({ source }) => source));
  expect(sources).toEqual([
    "predicted",
    "predicted",
    "predicted",
    "observed",
    "predicted",
    "observed",
  ]);
});
