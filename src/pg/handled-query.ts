import type pg from "pg";

/** Sends one simple-query message, with handlers for messages that the driver has none for: those of COPY. */
export async function handledQuery(
  client: pg.Client,
  text: string,
  handlers: object,
): Promise<unknown> {
  const { Query } = (await import("pg")).default;
  return new Promise((resolve, reject) => {
    const done = (error: Error | null, result: unknown) => {
      if (error === null) resolve(result);
      else reject(error);
    };
    const query = new (Query as unknown as new (text: string, done: unknown) => pg.Query)(
      text,
      done,
    );
    client.query(Object.assign(query, handlers));
  });
}
