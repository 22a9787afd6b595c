import { createHash } from "node:crypto";
import type { ContractBody } from "./contract.ts";

const notExpectations = new Set(["from", "labelFrom"]);

/**
 * JSON whose text depends only on the value: keys sorted, `undefined` members and source positions left out.
 * Members of `equals` are data, so nothing is left out below it.
 */
export function canonicalJson(value: unknown): string {
  return canonical(value, false);
}

/** The hash of a contract's expectations. */
export function hashContract(body: ContractBody): string {
  const { tables, views, enums, domains, composites, sequences, env, checks, role, queries } = body;
  const content = {
    tables,
    views,
    enums,
    domains,
    composites,
    sequences,
    env,
    checks,
    role,
    queries,
  };
  return createHash("sha256").update(canonicalJson(content)).digest("hex");
}

/** Sorted members of the objects seen last: most of a contract's objects have one of a few shapes. */
interface Shape {
  readonly keys: readonly string[];
  readonly members: readonly (readonly [member: string, label: string])[];
}

const shapes: Shape[] = [];

function membersOf(value: object, data: boolean): Shape["members"] {
  const keys = Object.keys(value);
  if (!data)
    for (const shape of shapes)
      if (shape.keys.length === keys.length && shape.keys.every((key, at) => key === keys[at]))
        return shape.members;
  const members = keys
    .filter((key) => data || !notExpectations.has(key))
    .sort((a, b) => (a < b ? -1 : 1))
    .map((key) => [key, `${JSON.stringify(key)}:`] as const);
  if (!data && shapes.length < 64) shapes.push({ keys, members });
  return members;
}

function canonical(value: unknown, data: boolean): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (value === null || typeof value !== "object") return JSON.stringify(value) ?? "null";
  let text = "";
  if (Array.isArray(value)) {
    for (const item of value) text += `${text === "" ? "" : ","}${canonical(item, data)}`;
    return `[${text}]`;
  }
  for (const [key, label] of membersOf(value, data)) {
    const member = (value as Readonly<Record<string, unknown>>)[key];
    if (member === undefined) continue;
    text += `${text === "" ? "" : ","}${label}${canonical(member, data || key === "equals")}`;
  }
  return `{${text}}`;
}
