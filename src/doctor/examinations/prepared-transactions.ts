import { quoteLiteral } from "../../sql/index.ts";
import { each, type Examination } from "../examination.ts";
import { since } from "./long-transactions.ts";

interface Row {
  readonly gid: string;
  readonly owner: string;
  readonly database: string;
  readonly seconds: number;
}

/** A commit in two phases takes seconds; what is so many times a long transaction was forgotten by its manager. */
const forgotten = 5;

export const preparedTransactions: Examination = {
  name: "prepared-transactions",
  question: "Is no transaction prepared and never ended?",
  async examine({ database, now, longSeconds }) {
    const { rows } = await database.query<Row>(
      `SELECT gid, owner, database, pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() - prepared) AS seconds
         FROM pg_catalog.pg_prepared_xacts ORDER BY prepared`,
    );
    if (rows.length === 0) return [{ verdict: "ok", found: "there is none" }];
    return each(
      rows,
      ({ gid, owner, database: where, seconds }) => ({
        verdict: seconds > longSeconds * forgotten ? "danger" : "note",
        object: gid,
        found: `prepared by ${owner} in ${where} since ${since(now, seconds)}`,
        means:
          seconds > longSeconds * forgotten
            ? "it holds its locks through restarts, belongs to no session, and keeps dead rows and transaction ids"
            : "it holds its locks until its transaction manager ends it",
        next: [
          `in ${where}, as ${owner}: ROLLBACK PREPARED ${quoteLiteral(gid)}, or COMMIT PREPARED, as its transaction manager has it`,
        ],
      }),
      "prepared transaction",
    );
  },
};
