/** Where things are, whether this code runs from source or compiled. */
import { dirname, join } from "node:path";
import { home } from "../storefront/home.ts";

/** The folder `examples/storefront`. */
export const storefront = home;

/** The folder `examples/incidents`, with the pipelines' scripts. */
export const incidents = join(dirname(home), "incidents");

/** The folder of the package. */
export const root = dirname(dirname(home));

/** The compiled examples: what is started as a process of its own. */
export const built = join(dirname(home), ".build");
