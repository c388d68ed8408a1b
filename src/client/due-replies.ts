/**
 * Counts the replies that the server owes, and how many of them it can have sent by now. The server answers a command
 * that the client sends while it reads octets in a later read. So if a reply came in the same read, the server sent it
 * before it had the command (such as a 250 right after 354).
 */
export class DueReplies {
  /** Number of replies that have not come yet. The greeting is the first. */
  count = 1;
  #answerable = 1;
  #answerableLater = 0;
  #reading = false;
  readonly #endOfTurn = (): void => this.endRead();

  /** Whether the server can have sent a reply by now. */
  get answerable(): boolean {
    return this.#answerable > 0;
  }

  /** Notes that commands were sent that bring so many replies. */
  expect(replies: number): void {
    this.count += replies;
    if (this.#reading) this.#answerableLater += replies;
    else this.#answerable += replies;
  }

  /** Notes that a reply came. */
  take(): void {
    this.count--;
    this.#answerable--;
  }

  /**
   * Notes that octets are being read, until {@link endRead} is called.
   *
   * @param turn true if commands that are sent until the end of this turn of the event loop are answered in a later
   * read
   */
  beginRead(turn: boolean): void {
    if (turn && !this.#reading) setImmediate(this.#endOfTurn);
    this.#reading = true;
  }

  endRead(): void {
    this.#reading = false;
    this.#answerable += this.#answerableLater;
    this.#answerableLater = 0;
  }
}
