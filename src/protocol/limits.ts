/**
 * Every limit of the protocol: one named default each, with its source beside it. What the protocol can
 * announce is announced from the same numbers.
 */
export interface Limits {
  /** Octets of a command line with its CRLF, AUTH excepted. */
  readonly commandLine: number;
  /** Octets of an AUTH command line or of a SASL response line, without CRLF. */
  readonly authLine: number;
  /** Octets of one unterminated line that are swallowed before the connection is closed. */
  readonly swallowedLine: number;
  /** Octets of a message's content, dot-unstuffed. */
  readonly messageSize: number;
  /** Accepted recipients of one message. */
  readonly recipients: number;
  /** Commands refused for good (5yz) since the last accepted message, before the connection is closed. */
  readonly errors: number;
}

export const DEFAULT_LIMITS: Limits = {
  // RFC 5321 4.5.3.1.4 asks for 512, and each extension adds its own: SIZE 26 (RFC 1870 3), BODY 17
  // (RFC 6152 2), AUTH 500 (RFC 4954 3), SMTPUTF8 10 and longer paths (RFC 6531 3.1). 2048 has room for
  // their sum twice over.
  commandLine: 2048,
  // RFC 4954 4: implementations must take lines of up to 12288 octets.
  authLine: 12_288,
  // Not from an RFC: a line of a mebibyte is no command of anybody's.
  swallowedLine: 1024 * 1024,
  // RFC 5321 4.5.3.1.7 asks for at least 64 KiB; 50 MiB is what mail APIs take.
  messageSize: 50 * 1024 * 1024,
  // RFC 5321 4.5.3.1.8: the least that a server must take.
  recipients: 100,
  // Postfix's smtpd_hard_error_limit has the same default.
  errors: 20,
};

/** Sizes of the parts of a mailbox: RFC 5321 4.5.3.1.1 to 4.5.3.1.3, and RFC 1035 2.3.4 for the label. */
export const LOCAL_PART_OCTETS = 64;
export const DOMAIN_OCTETS = 255;
export const LABEL_OCTETS = 63;
export const PATH_OCTETS = 256;
/** A reply line with its code and CRLF: RFC 5321 4.5.3.1.5. */
export const REPLY_LINE_OCTETS = 512;
