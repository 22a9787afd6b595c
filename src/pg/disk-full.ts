import type { Explanation } from "../errors/index.ts";

/** disk_full: the server could not make a file larger (`errcode_for_file_access`, elog.c). */
export const diskFullState = "53100";

/**
 * What a full disk of the server means for a run, and what helps.
 * @param found the server's words: they name the file, and with it the tablespace (`pg_tblspc/OID/…`)
 */
export function diskFull(where: string, found: string): Explanation {
  return {
    what: `the server at ${where} has no room left on a disk`,
    expected: "room for what the statement writes, and for the ledger",
    found,
    why: "the data grew, WAL is kept for a slot or an archive that fails, or a statement wrote a whole table or index again; Postgres takes away the new files of what failed, but rows that an UPDATE or INSERT has written stay as dead rows until VACUUM",
    next: [
      "see what keeps room: lockstep doctor",
      "give the disk more room; never delete files of the data directory",
      "then run the same command again: it looks at what is done, and goes on there",
    ],
  };
}
