/** Lets one task at a time use something, in the order they came. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();

  async take<Result>(task: () => Promise<Result>): Promise<Result> {
    const turn = this.#last.then(task);
    this.#last = turn.catch(() => {});
    return turn;
  }
}
