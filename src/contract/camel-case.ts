/** Options of Kysely's CamelCasePlugin that change the names it sends. */
export interface CamelCaseOptions {
  readonly upperCase?: boolean | undefined;
  readonly underscoreBeforeDigits?: boolean | undefined;
  readonly underscoreBetweenUppercaseLetters?: boolean | undefined;
}

/**
 * The name in the database that Kysely's CamelCasePlugin makes of one in the code (0.28): an underscore before each capital
 * letter, of several in a row before the first.
 */
export function snakeCase(
  name: string,
  {
    upperCase = false,
    underscoreBeforeDigits = false,
    underscoreBetweenUppercaseLetters = false,
  }: CamelCaseOptions = {},
): string {
  let result = "";
  for (let at = 0; at < name.length; at++) {
    const letter = name[at]!;
    const before = name[at - 1];
    const isNewDigit = isDigit(letter) && (before === undefined || !isDigit(before));
    const isNewCapital =
      isCapital(letter) &&
      (underscoreBetweenUppercaseLetters || before === undefined || !isCapital(before));
    if (at > 0 && isNewDigit && underscoreBeforeDigits && !result.endsWith("_")) result += "_";
    else if (at > 0 && isNewCapital) result += "_";
    result += letter.toLowerCase();
  }
  return upperCase ? result.toUpperCase() : result;
}

function isCapital(letter: string): boolean {
  return letter === letter.toUpperCase() && letter !== letter.toLowerCase();
}

function isDigit(letter: string): boolean {
  return letter >= "0" && letter <= "9";
}
