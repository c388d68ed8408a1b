import { isUtf8 } from 'node:buffer';

/** One header field as it came (RFC 5322 2.2): a view of the section's octets, decoded when asked. */
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

  /** The name as it was written. */
  get name(): string {
    return this.octets.toString('latin1', 0, this.nameLength);
  }

  /**
   * The body, unfolded (RFC 5322 2.2.3) and read as UTF-8 (RFC 6532), white space at its ends kept.
   * Octets that are not UTF-8 become U+FFFD: for what is shown, never for what is decided on.
   */
  text(): string {
    const body = this.octets.toString('utf8', this.bodyStart, this.octets.length - 2);
    // Within a field a CRLF is always followed by white space, else the field would have ended there.
    return body.includes('\r\n') ? body.replaceAll('\r\n', '') : body;
  }

  /** The body as it came, folds and all, read as UTF-8, without the CRLF at its end. */
  foldedText(): string {
    return this.octets.toString('utf8', this.bodyStart, this.octets.length - 2);
  }

  /** As {@link text}, or null where the octets are not UTF-8. */
  strictText(): string | null {
    return isUtf8(this.octets) ? this.text() : null;
  }
}
