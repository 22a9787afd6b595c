import { parseSql } from "../sql/index.ts";
import type { Finding } from "./result.ts";

/** Settles findings that depend on whether a live default is a constant (see `Finding.whenConstant`). */
export async function settleDefaults(findings: readonly Finding[]): Promise<readonly Finding[]> {
  return Promise.all(
    findings.map(async (finding) => {
      const { whenConstant, ...rest } = finding;
      if (whenConstant === undefined) return finding;
      const { expression, effect } = whenConstant;
      const constant = await callsNothing(expression);
      return constant ? { ...rest, severity: "error" as const, effect } : rest;
    }),
  );
}

async function callsNothing(expression: string): Promise<boolean> {
  const [statement] = await parseSql(`SELECT (${expression}\n)`, "a default");
  return statement !== undefined && !calls(statement.node);
}

function calls(node: unknown): boolean {
  if (typeof node !== "object" || node === null) return false;
  return Object.entries(node).some(
    ([member, value]) => member === "FuncCall" || member === "SQLValueFunction" || calls(value),
  );
}
