/** One message of the protocol (manual 54.2). */
export interface Frame {
  /** The type's letter; empty for the first messages of a connection, which have none. */
  readonly type: string;
  /** What follows the length. */
  readonly body: Buffer;
  /** The whole message as it was sent. */
  readonly bytes: Buffer;
}

/** A length beyond this is no message of Postgres': the stream is not what we take it for. */
const mostBytes = 2 ** 30;

/** Cuts a stream of bytes into messages. */
export class FrameReader {
  #left: Buffer = Buffer.alloc(0);
  /** True while messages have no type: before a session has begun. */
  #untyped: boolean;

  constructor({ untyped }: { readonly untyped: boolean }) {
    this.#untyped = untyped;
  }

  /** From the next message on, all have a type. */
  expectTypes(): void {
    this.#untyped = false;
  }

  /** Bytes that are no whole message yet. */
  get rest(): Buffer {
    return this.#left;
  }

  /**
   * Whole messages, one after the other: what is done with one may change how the next is read.
   * @throws Error for bytes that are no message
   */
  *read(chunk: Buffer): Generator<Frame> {
    this.#left = this.#left.length === 0 ? chunk : Buffer.concat([this.#left, chunk]);
    for (;;) {
      const head = this.#untyped ? 0 : 1;
      if (this.#left.length < head + 4) return;
      const length = this.#left.readInt32BE(head);
      if (length < 4 || length > mostBytes) throw new Error(`a message of ${length} bytes`);
      if (this.#left.length < head + length) return;
      const bytes = this.#left.subarray(0, head + length);
      this.#left = this.#left.subarray(head + length);
      yield {
        type: head === 0 ? "" : String.fromCharCode(bytes[0]!),
        body: bytes.subarray(head + 4),
        bytes,
      };
    }
  }
}

/** Reads the fields of a message, one after the other. */
export class Fields {
  readonly #body: Buffer;
  #at = 0;

  constructor(body: Buffer) {
    this.#body = body;
  }

  /** A text that ends with a zero byte. */
  text(): string {
    const end = this.#body.indexOf(0, this.#at);
    const stop = end === -1 ? this.#body.length : end;
    const text = this.#body.toString("utf8", this.#at, stop);
    this.#at = stop + 1;
    return text;
  }

  int16(): number {
    const value = this.#body.readInt16BE(this.#at);
    this.#at += 2;
    return value;
  }

  int32(): number {
    const value = this.#body.readInt32BE(this.#at);
    this.#at += 4;
    return value;
  }

  uint32(): number {
    return this.int32() >>> 0;
  }

  /** A value with its length in front; undefined for NULL. */
  value(): Buffer | undefined {
    const length = this.int32();
    if (length === -1) return undefined;
    const value = this.#body.subarray(this.#at, this.#at + length);
    this.#at += length;
    return value;
  }

  list<Item>(read: () => Item): readonly Item[] {
    return Array.from({ length: this.int16() }, read);
  }
}

/** The fields of an ErrorResponse by their letters (manual 54.8). */
export function errorFields(body: Buffer): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (let at = 0; at < body.length && body[at] !== 0;) {
    const end = body.indexOf(0, at + 1);
    found.set(String.fromCharCode(body[at]!), body.toString("utf8", at + 1, end));
    at = end + 1;
  }
  return found;
}
