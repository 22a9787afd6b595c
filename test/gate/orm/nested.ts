import pg from "pg";

const asSavepoint: readonly (readonly [RegExp, string])[] = [
  [/^\s*(?:BEGIN|START TRANSACTION)\b[^;]*;?\s*$/i, "SAVEPOINT orm"],
  [/^\s*COMMIT\s*;?\s*$/i, "RELEASE SAVEPOINT orm"],
  [/^\s*ROLLBACK\s*;?\s*$/i, "ROLLBACK TO SAVEPOINT orm; RELEASE SAVEPOINT orm"],
];

/** One connection; the transactions that an ORM opens on it are savepoints of the one that the test has open. */
export class NestedConnection {
  readonly client: pg.Client;

  constructor(client: pg.Client) {
    this.client = client;
  }

  static async open(url: string): Promise<NestedConnection> {
    const client = new pg.Client(url);
    await client.connect();
    return new NestedConnection(client);
  }

  /** The connection as an ORM sees it, which neither opens nor closes it. */
  forOrm(): pg.PoolClient {
    const { client } = this;
    const query = (...args: unknown[]) => {
      const [first, ...rest] = args;
      const text = typeof first === "string" ? first : (first as { text?: string }).text;
      const nested = asSavepoint.find(([pattern]) => pattern.test(text ?? ""))?.[1];
      const sent = nested ?? first;
      return (client.query as (...all: unknown[]) => unknown).call(client, sent, ...rest);
    };
    const idle = (...args: unknown[]) => {
      const done = args.find((one) => typeof one === "function") as (() => void) | undefined;
      done?.();
      return Promise.resolve(client);
    };
    return new Proxy(client, {
      get: (target, name) => {
        if (name === "query") return query;
        if (name === "connect" || name === "end" || name === "release") return idle;
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === "function" ? (value.bind(target) as unknown) : value;
      },
    }) as unknown as pg.PoolClient;
  }

  /** `pg` with a pool of this one connection. */
  get driver(): object {
    const own = this.forOrm();
    class OnePool {
      connect(callback?: (error: undefined, client: pg.PoolClient, done: () => void) => void) {
        callback?.(undefined, own, () => {});
        return Promise.resolve(own);
      }
      on() {
        return this;
      }
      removeListener() {
        return this;
      }
      end(callback?: () => void) {
        callback?.();
        return Promise.resolve();
      }
    }
    return { ...pg, Pool: OnePool };
  }
}
