import { isUtf8 } from 'node:buffer';

/** One header field as received (RFC 5322 2.2): a view of the section's octets, decoded when asked. */
export class Field {
  /**
   * @param octets the whole field: name, colon, body, folding and the CRLF at its end
   * @param nameLength octets of the name
   * @param bodyStart offset of the first octet after the colon
   */
  constructor(
    readonly octets: Buffer,
    private readonly nameLength: number,
    private readonly bodyStart: number,
  ) {}

  /** The name as written. */
  get name(): string {
    return this.octets.toString('latin1', 0, this.nameLength);
  }

  /**
   * Returns the body, unfolded (RFC 5322 2.2.3) and read as UTF-8 (RFC 6532). White space at its ends is kept. Octets
   * that are not UTF-8 become U+FFFD: use the result for text that is shown, never for a decision.
   */
  text(): string {
    const body = this.octets.toString('utf8', this.bodyStart, this.octets.length - 2);
    // Within a field, white space always follows a CRLF. If it did not, the field would have ended there.
    return body.includes('\r\n') ? body.replaceAll('\r\n', '') : body;
  }

  /** Returns the body as received, with its folds, read as UTF-8, without the CRLF at its end. */
  foldedText(): string {
    return this.octets.toString('utf8', this.bodyStart, this.octets.length - 2);
  }

  /** Returns the same as {@link text}, or null if the octets are not UTF-8. */
  strictText(): string | null {
    return isUtf8(this.octets) ? this.text() : null;
  }
}
