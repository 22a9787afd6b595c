/** Where the key lies while rows are read: a setting of the transaction, so that no text of a statement has it. */
export const keySetting = "lockstep.mask_key";

/** 32 bytes that nobody without the key can tell, the same for the same text. @param text SQL of type text */
export function digest(text: string): string {
  return `pg_catalog.sha256(pg_catalog.decode(pg_catalog.current_setting('${keySetting}'), 'hex') || pg_catalog.convert_to(${text}, pg_catalog.getdatabaseencoding()))`;
}

/** Rounds of a permutation. */
const rounds = 4;

/**
 * Puts a number below `k * m` in the place of another one, each in that of exactly one (a Feistel network over two unlike halves,
 * which any function keeps a permutation).
 * @param from SELECT of one row with `k`, `m`, `l` (below k), `r` (below m), all numeric, and whatever else is to be kept
 * @param kept names of those others
 * @returns SELECT of the same row, with other `l` and `r`
 */
export function permuted(from: string, kept: readonly string[]): string {
  const others = ["k", "m", ...kept].join(", ");
  let sql = from;
  for (let round = 1; round <= rounds; round++) {
    const drawn = (half: string) =>
      numberOf(digest(`'${round} ' || k::text || ' ' || m::text || ' ' || ${half}::text`));
    // With one half alone the rounds would only add up: the first moves it, by 1 at the least, the others not at all.
    const alone =
      round === 1 ? `pg_catalog.mod(l + 1 + pg_catalog.mod(${drawn("r")}, k - 1), k)` : "l";
    const halves =
      round % 2 === 1
        ? `CASE WHEN m = 1 THEN ${alone} ELSE pg_catalog.mod(l + ${drawn("r")}, k) END AS l, r`
        : `l, pg_catalog.mod(r + ${drawn("l")}, m) AS r`;
    sql = `SELECT ${others}, ${halves} FROM (${sql} OFFSET 0) AS s${round}`;
  }
  return sql;
}

/** The first 60 bits as a number. */
export function numberOf(bytes: string): string {
  return `('x' || pg_catalog.left(pg_catalog.encode(${bytes}, 'hex'), 15))::bit(60)::pg_catalog.int8::pg_catalog.numeric`;
}
