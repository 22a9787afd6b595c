import { expect } from "vitest";
import { runCli } from "../cli/run-cli.ts";
import type { TemporaryFolder } from "../support/folder.ts";

/** Two tables and an index, before what is checked. */
export const schema = `
  CREATE TABLE orgs (id bigint PRIMARY KEY);
  CREATE TABLE users (id bigint PRIMARY KEY, org_id bigint, email text, age int);
  CREATE INDEX users_email ON users (email);`;

export interface Report {
  readonly server: {
    readonly major: number;
    readonly observed: boolean;
    readonly version?: string;
  };
  readonly selection: Record<string, unknown>;
  readonly files: {
    readonly file: string;
    readonly transaction: string;
    readonly statements: {
      readonly line: number;
      readonly sql: string;
      readonly source: string;
      readonly effect: Record<
        "locks" | "held" | "rewrites" | "scans" | "breaks" | "unknown",
        unknown[]
      >;
    }[];
  }[];
  readonly findings: {
    readonly rule: string;
    readonly file: string;
    readonly line: number;
    readonly severity: string;
    readonly message: string;
    readonly docs: string;
  }[];
  readonly suppressed: { readonly rule: string; readonly reason: string }[];
  readonly notes: { readonly kind: string; readonly message: string }[];
  readonly summary: { readonly errors: number; readonly warnings: number; readonly infos: number };
}

/** Runs `lockstep check --format json` in a folder. */
export async function checked(folder: TemporaryFolder, ...args: readonly string[]) {
  const { exitCode, stdout, stderr } = await runCli(["check", "--format", "json", ...args], {
    cwd: folder.path,
  });
  expect(stderr).toBe("");
  return { exitCode, report: JSON.parse(stdout) as Report };
}

/** `rule:line` of each finding. */
export const rulesOf = ({ findings }: Report) =>
  findings.map(({ rule, line }) => `${rule}:${line}`);
