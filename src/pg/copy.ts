import type pg from "pg";

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
  const { Query } = (await import("pg")).default;
  let given = 0;
  return new Promise((resolve, reject) => {
    const done = (error: Error | null, result: unknown) => {
      if (error === null) resolve(result);
      else reject(error);
    };
    const query = new (Query as unknown as new (text: string, done: unknown) => pg.Query)(
      text,
      done,
    );
    Object.assign(query, {
      handleCopyInResponse(connection: CopyConnection) {
        const rows = copied[given++];
        if (rows === undefined) return connection.sendCopyFail("nothing was given to copy");
        connection.sendCopyFromChunk(Buffer.from(rows, "utf8"));
        connection.endCopyFrom();
      },
    });
    client.query(query);
  });
}
