import { StopRequest, type LockstepEvent } from "../events/index.ts";
import {
  beatProcess,
  beginProcess,
  endProcess,
  forgetDeadProcesses,
  type ProcessDetails,
} from "../ledger/index.ts";
import { Session } from "../pg/index.ts";
import { follow, idle, type Doing } from "./doing.ts";

/** How often a run shows what it does, and looks whether it is to stop, in ms. */
const beatMs = 1_000;

/**
 * Goes beside a run on a connection of its own, from the first event that tells of work: other terminals see through it
 * what the run does, and can have it stopped. A run never waits for it and never fails by it: without a ledger, a free
 * connection or the right to write there, the run is only not seen.
 */
export class Companion implements AsyncDisposable {
  readonly #url: string;
  readonly #process: ProcessDetails;
  readonly #stop = new AbortController();
  #doing: Doing = idle;
  #session: Session | undefined;
  #isShown = false;
  #clockAheadMs = 0;
  #timer: NodeJS.Timeout | undefined;
  #isBegun = false;
  #isOver = false;
  /** Settles with the last thing that was asked of the server. */
  #turn: Promise<void> = Promise.resolve();

  constructor(url: string, process: Omit<ProcessDetails, "session">) {
    this.#url = url;
    this.#process = { ...process, session: companionName(process.run) };
  }

  /** Aborted, with a `StopRequest`, when somebody asks the run to stop. */
  get stop(): AbortSignal {
    return this.#stop.signal;
  }

  /** To be told of every event of the run. */
  hear(event: LockstepEvent): void {
    const at = new Date(Date.parse(event.at) + this.#clockAheadMs);
    this.#doing = follow(this.#doing, event, at);
    if (this.#isBegun || !tellsOfWork.has(event.type)) return;
    this.#isBegun = true;
    this.#next(0);
  }

  #next(ms: number): void {
    this.#timer = setTimeout(() => {
      this.#turn = this.#beatAgainAndAgain();
    }, ms).unref();
  }

  async #beatAgainAndAgain(): Promise<void> {
    await this.#beat().catch(async () => this.#forget());
    if (!this.#isOver) this.#next(beatMs);
  }

  async #beat(): Promise<void> {
    const { run, session: applicationName } = this.#process;
    this.#session ??= await Session.open({ url: this.#url, applicationName });
    if (!this.#isShown) {
      await forgetDeadProcesses(this.#session);
      this.#clockAheadMs = (await beginProcess(this.#session, this.#process)) - Date.now();
      this.#isShown = true;
    }
    const stop = await beatProcess(this.#session, run, this.#doing);
    if (stop !== undefined && !this.stop.aborted)
      this.#stop.abort(new StopRequest(stop.by, stop.reason));
  }

  /** A lost connection is opened again; where the ledger is not there yet the same one is used. */
  async #forget(): Promise<void> {
    const session = this.#session;
    const isUsable = session?.isOpen === true && (await isAnswering(session));
    if (isUsable) return;
    this.#session = undefined;
    this.#isShown = false;
    await session?.close();
  }

  /** Shows the run no more. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true;
    clearTimeout(this.#timer);
    if (!this.#isBegun) return;
    const end = async () => {
      await this.#turn;
      const session = this.#session;
      if (session === undefined) return;
      if (this.#isShown) await endProcess(session, this.#process.run).catch(() => {});
      await session.close();
    };
    // A server that is out of reach is not waited for; the row shows then that its session is gone.
    await Promise.race([end(), new Promise((resolve) => setTimeout(resolve, 3_000).unref())]);
  }
}

async function isAnswering(session: Session): Promise<boolean> {
  return session.query("SELECT 1").then(
    () => true,
    () => false,
  );
}

/** What the session is called through which a run shows itself. */
function companionName(run: string): string {
  return `lockstep/${run.slice(0, 8)} live`;
}

const tellsOfWork: ReadonlySet<LockstepEvent["type"]> = new Set([
  "run.waiting",
  "migration.started",
  "phase.started",
  "stage.started",
  "command.output",
  "backfill.started",
]);
