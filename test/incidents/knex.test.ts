import { knexStack } from "./knex-stack.ts";
import { playReplays } from "./replays.ts";
import { openTheatre } from "./stage.ts";

playReplays(openTheatre({ stack: knexStack }));
