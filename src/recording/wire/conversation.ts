import { errorFields, Fields, type Frame } from "./frames.ts";

/** A value that was bound to a parameter. */
export interface BoundValue {
  /** As it was sent; undefined for NULL. */
  readonly bytes: Buffer | undefined;
  readonly isBinary: boolean;
  /** Of its type: the client's word, else the server's; 0 when neither said it. */
  readonly oid: number;
}

/** A text of SQL that a client sent, and how it ended. */
export interface Sent {
  /** Rises with each text that any client of the proxy sent. */
  readonly number: number;
  /** Which connection, from 1. */
  readonly connection: number;
  readonly sql: string;
  /** Of the extended protocol: one statement, with its values. Undefined for a simple query, which may hold several. */
  readonly values: readonly BoundValue[] | undefined;
  /** Command tags of what completed, in order; an empty text for an empty query. */
  readonly tags: readonly string[];
  readonly error: ServerError | undefined;
  /** True when the server asked for rows of the client's (COPY … FROM STDIN). */
  readonly copies: boolean;
}

export interface ServerError {
  readonly sqlstate: string;
  readonly message: string;
}

interface Prepared {
  readonly sql: string;
  oids: readonly number[];
}

interface Portal {
  readonly prepared: Prepared;
  readonly values: readonly { readonly bytes: Buffer | undefined; readonly isBinary: boolean }[];
}

/** What a client has asked for and the server has not answered yet. */
type Asked =
  | { readonly kind: "parse" | "bind" | "close" | "sync" | "describe-portal" }
  | { readonly kind: "describe"; readonly prepared: Prepared | undefined }
  | { readonly kind: "query"; readonly draft: Draft }
  | { readonly kind: "execute"; readonly draft: Draft; readonly portal: Portal | undefined };

interface Draft {
  readonly number: number;
  readonly sql: string;
  readonly tags: string[];
  error: ServerError | undefined;
  copies: boolean;
}

/**
 * One connection's conversation, followed from both sides: the simple and the extended protocol, pipelines included. After
 * an error the server passes over everything up to the next Sync (manual 54.2.3).
 */
export class Conversation {
  readonly #connection: number;
  readonly #next: () => number;
  readonly #emit: (sent: Sent) => void;
  readonly #asked: Asked[] = [];
  readonly #prepared = new Map<string, Prepared>();
  readonly #portals = new Map<string, Portal>();

  constructor(connection: number, next: () => number, emit: (sent: Sent) => void) {
    this.#connection = connection;
    this.#next = next;
    this.#emit = emit;
  }

  /** A message of the client's. */
  asked({ type, body }: Frame): void {
    const fields = new Fields(body);
    switch (type) {
      case "Q":
        this.#asked.push({ kind: "query", draft: this.#draft(fields.text()) });
        return;
      case "P": {
        const name = fields.text();
        const sql = fields.text();
        this.#prepared.set(name, { sql, oids: fields.list(() => fields.uint32()) });
        this.#asked.push({ kind: "parse" });
        return;
      }
      case "B":
        this.#bind(fields);
        this.#asked.push({ kind: "bind" });
        return;
      case "D": {
        const isStatement = fields.text().startsWith("S");
        const name = body.toString("utf8", 1, body.length - 1);
        this.#asked.push(
          isStatement
            ? { kind: "describe", prepared: this.#prepared.get(name) }
            : { kind: "describe-portal" },
        );
        return;
      }
      case "E": {
        const portal = this.#portals.get(fields.text());
        const draft = this.#draft(portal?.prepared.sql ?? "");
        this.#asked.push({ kind: "execute", draft, portal });
        return;
      }
      case "C":
        this.#asked.push({ kind: "close" });
        return;
      case "S":
        this.#asked.push({ kind: "sync" });
        return;
    }
  }

  #bind(fields: Fields): void {
    const portal = fields.text();
    const prepared = this.#prepared.get(fields.text());
    const formats = fields.list(() => fields.int16());
    const values = fields.list(() => fields.value());
    if (prepared === undefined) return;
    this.#portals.set(portal, {
      prepared,
      values: values.map((bytes, index) => ({
        // The buffer belongs to the socket.
        bytes: bytes === undefined ? undefined : Buffer.from(bytes),
        isBinary: (formats.length === 1 ? formats[0] : (formats[index] ?? 0)) === 1,
      })),
    });
  }

  /** A message of the server's. */
  answered({ type, body }: Frame): void {
    const head = this.#asked[0];
    switch (type) {
      case "1":
      case "2":
      case "3":
        this.#asked.shift();
        return;
      case "t": {
        const fields = new Fields(body);
        const oids = fields.list(() => fields.uint32());
        if (head?.kind === "describe" && head.prepared !== undefined) head.prepared.oids = oids;
        return;
      }
      case "T":
      case "n":
        if (head?.kind === "describe" || head?.kind === "describe-portal") this.#asked.shift();
        return;
      case "C":
      case "I":
      case "s":
        this.#completed(head, type === "C" ? new Fields(body).text() : "");
        return;
      case "G":
        if (head !== undefined && "draft" in head) head.draft.copies = true;
        return;
      case "E":
        this.#failed(head, body);
        return;
      case "Z":
        this.#ready(head);
        return;
    }
  }

  #completed(head: Asked | undefined, tag: string): void {
    if (head?.kind === "query") head.draft.tags.push(tag);
    if (head?.kind !== "execute") return;
    this.#asked.shift();
    head.draft.tags.push(tag);
    this.#tell(head);
  }

  #failed(head: Asked | undefined, body: Buffer): void {
    const fields = errorFields(body);
    const error = { sqlstate: fields.get("C") ?? "", message: fields.get("M") ?? "" };
    if (head?.kind === "query") {
      head.draft.error = error;
      return;
    }
    // What failed may be the parsing, long before the statement is executed.
    const failed = this.#asked.find((one) => one.kind === "execute" || one.kind === "sync");
    if (failed?.kind === "execute") {
      failed.draft.error = error;
      this.#tell(failed);
    }
    while (this.#asked.length > 0 && this.#asked[0]!.kind !== "sync") this.#asked.shift();
  }

  #ready(head: Asked | undefined): void {
    if (head === undefined) return;
    this.#asked.shift();
    if (head.kind === "query") this.#tell(head);
  }

  #tell(asked: Extract<Asked, { kind: "query" | "execute" }>): void {
    const { number, sql, tags, error, copies } = asked.draft;
    const values =
      asked.kind === "query"
        ? undefined
        : (asked.portal?.values ?? []).map((value, index) => ({
            ...value,
            oid: asked.portal!.prepared.oids[index] ?? 0,
          }));
    this.#emit({ number, connection: this.#connection, sql, values, tags, error, copies });
  }

  #draft(sql: string): Draft {
    return { number: this.#next(), sql, tags: [], error: undefined, copies: false };
  }
}
