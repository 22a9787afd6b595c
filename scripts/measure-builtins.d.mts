export const createExtensions: string;

export const majors: readonly number[];

export function measure(
  ask: (
    major: number,
    sql: string,
  ) => Promise<readonly { readonly group: string; readonly entry: string }[]>,
): Promise<Record<string, readonly (readonly [number, number, string, string])[]>>;
