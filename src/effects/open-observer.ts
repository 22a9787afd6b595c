import type { Observer, ObserverOptions } from "./observe/index.ts";

/** Opens an observer (see `Observer.open`). Its code is loaded only then: a prediction needs none of it. */
export async function openObserver(options: ObserverOptions): Promise<Observer> {
  const observe = await import("./observe/index.ts");
  return observe.Observer.open(options);
}
