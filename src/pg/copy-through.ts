import type { Socket } from "node:net";
import type pg from "pg";
import { handledQuery } from "./handled-query.ts";

/** What node-postgres has of a connection that copies (manual 53.2.6, COPY Operations). */
interface CopyConnection {
  readonly stream: Socket;
  sendCopyFromChunk(chunk: Buffer): void;
  endCopyFrom(): void;
  sendCopyFail(message: string): void;
}

export interface CopyThroughRequest {
  /** `COPY … TO STDOUT` of the one session. */
  readonly read: string;
  /** `COPY … FROM STDIN` of the other one. */
  readonly write: string;
  /** Told the number of rows so far, now and then. */
  readonly onRows?: ((rows: number) => void) | undefined;
  /** Rows that the other side has refused are read to the last, so that the session can go on; else it is to be closed then. */
  readonly readsOn?: boolean;
  /** Ends the copy; the session that reads is to be closed then. */
  readonly signal?: AbortSignal | undefined;
}

/** Which of the two sessions failed. */
export interface CopyFailure extends Error {
  readonly side: "read" | "write";
}

/** Rows are sent on in pieces of so many bytes; when so many wait to be taken, no more are read. */
const pieceBytes = 64 * 1024;
const mostWaiting = 4 * 1024 * 1024;

/** Rows from one server to another as they are written, none of them kept. @returns how many */
export async function copyThrough(
  from: pg.Client,
  to: pg.Client,
  { read, write, onRows, readsOn = false, signal }: CopyThroughRequest,
): Promise<number> {
  const reading = connectionOf(from);
  const writing = connectionOf(to);
  let rows = 0;
  let pieces: Buffer[] = [];
  let waiting = 0;
  let refused: unknown;
  const flush = () => {
    if (pieces.length === 0) return;
    if (refused === undefined) writing.sendCopyFromChunk(Buffer.concat(pieces));
    [pieces, waiting] = [[], 0];
    onRows?.(rows);
    if (refused !== undefined || writing.stream.writableLength < mostWaiting) return;
    reading.stream.pause();
    writing.stream.once("drain", () => reading.stream.resume());
  };
  let giveUp!: (error: unknown) => void;
  const givenUp = new Promise<never>((_resolve, reject) => (giveUp = reject));
  givenUp.catch(() => {});
  let begin!: (error?: unknown) => void;
  const ready = new Promise<void>((resolve, reject) => {
    begin = (error) => (error === undefined ? resolve() : reject(error));
  });
  const written = handledQuery(to, write, { handleCopyInResponse: () => begin() });
  written.catch((error: unknown) => {
    refused = error;
    begin(error);
    if (!readsOn) giveUp(error);
    // The rest is read and dropped: a session that copies out takes nothing else.
    reading.stream.resume();
  });
  try {
    await ready;
  } catch (error) {
    throw failure(error, "write");
  }
  const ended = endOn(signal);
  try {
    const source = handledQuery(from, read, {
      handleCopyData: ({ chunk }: { readonly chunk: Buffer }) => {
        rows++;
        // The driver uses its buffer again for what comes next.
        pieces.push(Buffer.from(chunk));
        waiting += chunk.length;
        if (waiting >= pieceBytes) flush();
      },
    });
    source.catch(() => {});
    await Promise.race([source, ended.promise, givenUp]);
  } catch (error) {
    const side = refused === undefined ? "read" : "write";
    if (side === "read") writing.sendCopyFail("the rows ended");
    await written.catch(() => {});
    throw failure(error, side);
  } finally {
    ended.forget();
  }
  flush();
  if (refused === undefined) writing.endCopyFrom();
  try {
    await written;
  } catch (error) {
    throw failure(error, "write");
  }
  return rows;
}

function endOn(signal: AbortSignal | undefined) {
  let forget = () => {};
  const promise = new Promise<never>((_resolve, reject) => {
    if (signal === undefined) return;
    const end = () => reject(new Error("the copy was cancelled"));
    if (signal.aborted) return end();
    signal.addEventListener("abort", end, { once: true });
    forget = () => signal.removeEventListener("abort", end);
  });
  promise.catch(() => {});
  return { promise, forget: () => forget() };
}

function connectionOf(client: pg.Client): CopyConnection {
  return (client as unknown as { connection: CopyConnection }).connection;
}

function failure(error: unknown, side: CopyFailure["side"]): CopyFailure {
  return Object.assign(error as Error, { side });
}
