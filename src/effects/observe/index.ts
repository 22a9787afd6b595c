export { Observer, type Observed, type ObservedFile, type ObserverOptions } from "./observer.ts";
