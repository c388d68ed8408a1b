/**
 * A reply as a server sent it (RFC 5321 4.2). Its text is under the server's control: {@link text} and {@link
 * toString} are safe to show, {@link lines} are not.
 */
export class ReceivedReply {
  constructor(
    readonly code: number,
    /** The lines as they came, without codes and line ends. */
    readonly lines: readonly string[],
  ) {}

  /** Whether the reply is a success (RFC 5321 4.2.1: 2yz). */
  get done(): boolean {
    return this.code < 300;
  }

  /**
   * The enhanced code of RFC 3463, such as `5.7.1`; null if the reply has no enhanced code, or one of another class.
   */
  get enhanced(): string | null {
    const [code = null] = /^([245])\.\d{1,3}\.\d{1,3}(?= |$)/.exec(this.lines[0] as string) ?? [];
    return code !== null && code.startsWith(String(this.code).charAt(0)) ? code : null;
  }

  /** All lines as one, without enhanced codes, and with a question mark for each control character. */
  get text(): string {
    const { enhanced } = this;
    const prefix = enhanced === null ? '' : `${enhanced} `;
    return this.lines
      .map((line) => (prefix !== '' && `${line} `.startsWith(prefix) ? line.slice(prefix.length) : line))
      .join(' ')
      .replace(/\p{Cc}/gu, '?');
  }

  /** Returns the reply on one line: `550 5.1.1 No such mailbox`. */
  toString(): string {
    return [String(this.code), this.enhanced, this.text]
      .filter((part) => part !== null && part !== '')
      .join(' ');
  }
}
