import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { LockstepError } from "../errors/index.ts";
import { hashContract } from "./canonical.ts";
import { contractVersion, type Contract } from "./contract.ts";

/** Lists of objects that every contract has, with the members each object must have. */
const lists = {
  tables: ["schema", "name", "access", "columns", "unique", "foreignKeys", "checks", "indexes"],
  views: ["schema", "name", "columns"],
  enums: ["schema", "name", "labels"],
  domains: ["schema", "name", "type", "checks"],
  composites: ["schema", "name", "attributes"],
  sequences: ["schema", "name"],
  env: ["name"],
  checks: ["name", "sql"],
} as const;

const rebuild = "build it again from the release's sources: lockstep contract build";

/**
 * Writes the artefact that ships with a release, as JSON with a stable order. `sum` is over the whole content as it
 * stands there: checking it is several times faster than making the hash again.
 */
export function writeContract(file: string, contract: Contract): void {
  mkdirSync(dirname(file), { recursive: true });
  const artefact = { ...contract, sum: sumOf(contract) };
  writeFileSync(file, `${JSON.stringify(artefact, null, 1)}\n`);
}

function sumOf(contract: object): string {
  return createHash("sha256").update(JSON.stringify(contract)).digest("hex");
}

/**
 * Reads a contract artefact.
 * @throws LockstepError `file-unreadable`; `contract-invalid` for broken JSON, a wrong shape or expectations that
 * were edited after the build; `contract-newer`
 */
export function readContract(file: string): Contract {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    throw new LockstepError(
      "file-unreadable",
      {
        what: `the contract ${file} cannot be read`,
        expected: "the artefact that was built with the release",
        found: (error as NodeJS.ErrnoException).code === "ENOENT" ? "no such file" : String(error),
        from: file,
        why: "the build did not make it, or it was not copied into the image",
        next: ["lockstep contract build", "check the path"],
      },
      { cause: error },
    );
  }
  return parseContract(text, file);
}

/**
 * A contract from its JSON text or from the value that was read from one (e.g. the ledger's).
 * @param origin names it in messages
 * @throws LockstepError as `readContract`
 */
export function parseContract(content: unknown, origin: string): Contract {
  const value = typeof content === "string" ? parseJson(content, origin) : content;
  if (!isObject(value)) throw invalid(origin, "a JSON object", describe(value));
  const { version } = value;
  if (typeof version === "number" && version > contractVersion)
    throw new LockstepError("contract-newer", {
      what: `the contract ${origin} was built by a newer Lockstep`,
      expected: `contract format ${contractVersion} or older`,
      found: `format ${version}`,
      from: origin,
      why: "the build uses a newer version than this machine",
      next: ["npm install lockstep@latest"],
    });
  if (version !== contractVersion)
    throw invalid(origin, `"version": ${contractVersion}`, describe(version));
  for (const member of ["release", "hash"] as const)
    if (typeof value[member] !== "string")
      throw invalid(origin, `"${member}": a text`, describe(value[member]));
  for (const [name, members] of Object.entries(lists))
    checkList(value[name], name, members, origin);
  const { sum, ...built } = value;
  const contract = built as unknown as Contract;
  if (sum !== undefined && sum === sumOf(contract)) return contract;
  const hash = hashContract(contract);
  if (hash !== contract.hash)
    throw new LockstepError("contract-invalid", {
      what: `the contract ${origin} is not what was built`,
      expected: `expectations with the hash ${contract.hash.slice(0, 12)}… that stands in it`,
      found: `expectations with the hash ${hash.slice(0, 12)}…`,
      from: origin,
      why: "it was edited by hand or merged; then it no longer says what the release's code expects",
      next: [rebuild],
    });
  return contract;
}

function parseJson(text: string, origin: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new LockstepError(
      "contract-invalid",
      {
        what: `the contract ${origin} is not JSON`,
        expected: "the artefact as lockstep contract build writes it",
        found: text.trim() === "" ? "an empty file" : (error as Error).message,
        from: origin,
        why: "the file was cut off, holds conflict markers, or is another file",
        next: [rebuild],
      },
      { cause: error },
    );
  }
}

function checkList(value: unknown, name: string, members: readonly string[], origin: string): void {
  if (!Array.isArray(value)) throw invalid(origin, `"${name}": a list`, describe(value));
  for (const [index, item] of value.entries())
    for (const member of members)
      if (!isObject(item) || item[member] === undefined)
        throw invalid(origin, `"${member}" in ${name}[${index}]`, describe(item));
}

function invalid(origin: string, expected: string, found: string): LockstepError {
  return new LockstepError("contract-invalid", {
    what: `the contract ${origin} has not the shape of one`,
    expected,
    found,
    from: origin,
    why: "it is another file, or was edited by hand",
    next: [rebuild],
  });
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function describe(value: unknown): string {
  if (value === undefined) return "nothing";
  const text = JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}
