import { startScratch } from "../../src/scratch/index.ts";

// Prints the server's URL and waits to be killed.
const scratch = await startScratch({ major: 18 });
process.stdout.write(`${scratch.url}\n`);
setInterval(() => {}, 1_000);
