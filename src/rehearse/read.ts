import { LockstepError } from "../errors/index.ts";
import type { Rehearsal } from "./model.ts";

/**
 * A rehearsal from the text of a JSON report.
 * @throws LockstepError `rehearsal-invalid`
 */
export function parseRehearsal(text: string, path: string): Rehearsal {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw invalid(path, (error as Error).message);
  }
  const { version, takenAt, statements } = (value ?? {}) as Partial<Rehearsal>;
  if (version !== 1) throw invalid(path, `version ${JSON.stringify(version)}`);
  if (typeof takenAt !== "string" || Number.isNaN(Date.parse(takenAt)))
    throw invalid(path, "no takenAt");
  if (!Array.isArray(statements)) throw invalid(path, "no statements");
  for (const [index, one] of (statements as readonly unknown[]).entries())
    if (!isStatement(one)) throw invalid(path, `statement ${index + 1} is none`);
  return value as Rehearsal;
}

function isStatement(value: unknown): boolean {
  const { migration, file, line, sql, estimate } = (value ?? {}) as Record<string, unknown>;
  const isNamed = [migration, file, sql].every((one) => typeof one === "string");
  if (!isNamed || typeof line !== "number") return false;
  if (estimate === undefined) return true;
  const { leastMs, likelyMs, mostMs, fixedMs, growingMs } = (estimate ?? {}) as Record<
    string,
    unknown
  >;
  return [leastMs, likelyMs, mostMs, fixedMs, growingMs].every(
    (one) => typeof one === "number" && one >= 0,
  );
}

function invalid(path: string, found: string): LockstepError {
  return new LockstepError("rehearsal-invalid", {
    what: `${path} does not hold a rehearsal`,
    expected: "the JSON that lockstep rehearse --out FILE.json writes",
    found,
    from: path,
    next: ["lockstep rehearse --out rehearsal.json"],
  });
}
