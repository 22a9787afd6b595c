import { readJob, work } from "../../src/backfill/index.ts";
import { Session } from "../../src/pg/index.ts";
import { steady } from "./support.ts";

/** A worker process that is killed: `child.ts URL JOB`. It prints a line when its first batch is done. */
const [url, id] = process.argv.slice(2);
await using session = await Session.open({ url: url!, applicationName: "child" });
let told = false;
await work(session, {
  job: (await readJob(session, id!))!,
  holderName: `child ${process.pid}`,
  pace: steady(5),
  rangeRows: 100,
  stopped: () => false,
  onBatch: () => {
    if (!told) process.stdout.write("begun\n");
    told = true;
  },
});
