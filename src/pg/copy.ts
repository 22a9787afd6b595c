import type pg from "pg";
import { handledQuery } from "./handled-query.ts";

/** What node-postgres calls when the server is ready for the rows of a COPY (manual 53.2.6, COPY Operations). */
interface CopyConnection {
  sendCopyFromChunk(chunk: Buffer): void;
  endCopyFrom(): void;
  sendCopyFail(message: string): void;
}

/** Sends one simple-query message and gives each `COPY … FROM STDIN` in it what it waits for, in their order. */
export async function queryWithCopies(
  client: pg.Client,
  text: string,
  copied: readonly string[],
): Promise<unknown> {
  let given = 0;
  return handledQuery(client, text, {
    handleCopyInResponse(connection: CopyConnection) {
      const rows = copied[given++];
      if (rows === undefined) return connection.sendCopyFail("nothing was given to copy");
      connection.sendCopyFromChunk(Buffer.from(rows, "utf8"));
      connection.endCopyFrom();
    },
  });
}
