import { keptFiles } from "../scratch/index.ts";

/** What a check printed and wrote, byte by byte. */
export interface Answer {
  readonly exitCode: number;
  /** What went to the standard output, then each further report. */
  readonly texts: readonly Buffer[];
}

export interface KeptAnswers {
  /** The answer that was kept under this key; undefined when there is none, or it is not whole. */
  read(key: string): Answer | undefined;
  /** Keeps an answer. Does nothing where it cannot be written, or is too big to be worth it. */
  write(key: string, answer: Answer): void;
}

interface Header {
  readonly exitCode: number;
  readonly lengths: readonly number[];
}

/** Answers of earlier checks. Undefined when `LOCKSTEP_ANSWERS` is `off`, and where nothing can be kept. */
export function keptAnswers(
  env: Readonly<Record<string, string | undefined>>,
): KeptAnswers | undefined {
  if (env["LOCKSTEP_ANSWERS"] === "off") return undefined;
  const files = keptFiles("answers", env);
  if (files === undefined) return undefined;
  return {
    read: (key) => {
      const bytes = files.read(key);
      return bytes && answerIn(bytes);
    },
    write: (key, { exitCode, texts }) => {
      const header: Header = { exitCode, lengths: texts.map(({ length }) => length) };
      files.write(key, Buffer.concat([Buffer.from(`${JSON.stringify(header)}\n`), ...texts]));
    },
  };
}

/** A line with the header, then the texts one after the other. */
function answerIn(bytes: Buffer): Answer {
  const end = bytes.indexOf("\n");
  const { exitCode, lengths } = JSON.parse(bytes.toString("utf8", 0, end)) as Header;
  let from = end + 1;
  return { exitCode, texts: lengths.map((length) => bytes.subarray(from, (from += length))) };
}
