import { InvalidArgumentError } from "commander";

export function time(text: string): Date {
  const value = new Date(text);
  if (Number.isNaN(value.getTime()))
    throw new InvalidArgumentError("a time as lockstep blockers prints it is needed");
  return value;
}

/** Gathers an option that may be given several times. */
export function more(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, text];
}

/** Shares of a whole: `0.01,0.05`, `1%,5%`; each once. */
export function scales(text: string): readonly number[] {
  const values = text.split(",").map((word) => {
    const value = word.trim().endsWith("%") ? Number(word.trim().slice(0, -1)) / 100 : Number(word);
    if (!(value > 0 && value <= 10))
      throw new InvalidArgumentError("shares above 0 and up to 1000% are needed, like 1%,5%");
    return value;
  });
  return [...new Set(values)];
}

export function integer(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0)
    throw new InvalidArgumentError("a whole number is needed");
  return value;
}

/** A whole number from 1 on. */
export function positive(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1)
    throw new InvalidArgumentError("a whole number from 1 on is needed");
  return value;
}
