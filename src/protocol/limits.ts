import { defaultsOf, type Limit } from '../base/limit.js';

/** The limits of a session. EHLO announces the same numbers. */
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
  /** MAIL commands of one connection, whatever becomes of them; 0: any number. */
  readonly messages: number;
  /** Commands refused for good (5yz) since the last accepted message, before the connection is closed. */
  readonly errors: number;
}

/** Every limit of the protocol that can be changed: one default each, with its source beside it. */
export const LIMITS = {
  commandLine: {
    about: 'A command line with its CRLF, AUTH excepted; a longer one gets 500.',
    initial: 2048,
    unit: 'octets',
    source:
      'RFC 5321 4.5.3.1.4 asks for 512, and each extension adds its own: SIZE 26 (RFC 1870 3), BODY 17 ' +
      '(RFC 6152 2), AUTH 500 (RFC 4954 3), SMTPUTF8 10 and longer paths (RFC 6531 3.1), RET and ENVID 116, ' +
      "NOTIFY and ORCPT 535 (RFC 3461 4); room for either command's sum, and more",
  },
  authLine: {
    about: 'A line of AUTH without its CRLF: the command, or a SASL response.',
    initial: 12_288,
    unit: 'octets',
    source: 'RFC 4954 4: the least that a server must take',
  },
  swallowedLine: {
    about: 'One line without end that is swallowed before the connection is closed with 421.',
    initial: 1024 * 1024,
    unit: 'octets',
    source: "a line of a mebibyte is no command of anybody's",
  },
  messageSize: {
    about: 'Largest message, announced by SIZE.',
    initial: 50 * 1024 * 1024,
    unit: 'octets',
    source: 'RFC 5321 4.5.3.1.7 asks for 64 KiB at least; 50 MiB is what mail APIs take',
  },
  recipients: {
    about: 'Recipients of one message, announced by LIMITS; further ones get 452.',
    initial: 100,
    unit: 'count',
    source: 'RFC 5321 4.5.3.1.8: the least that a server must take',
  },
  messages: {
    about:
      'MAIL commands of one connection, refused ones among them, announced by LIMITS where there is a limit; one more gets 421. 0 allows any.',
    initial: 0,
    unit: 'count',
    source: 'RFC 9422 4.1 (MAILMAX) knows no least value; apps keep a connection for all that they send',
  },
  errors: {
    about: 'Commands refused for good (5yz) since the last accepted message, before the connection gets 421.',
    initial: 20,
    unit: 'count',
    source: "Postfix's smtpd_hard_error_limit",
  },
} as const satisfies Record<keyof Limits, Limit>;

export const DEFAULT_LIMITS: Limits = defaultsOf(LIMITS);

/** Limits of the grammar. They cannot be changed. */
export const GRAMMAR_LIMITS = {
  localPart: {
    about: 'The part of an address before its @.',
    initial: 64,
    unit: 'octets',
    source: 'RFC 5321 4.5.3.1.1',
  },
  domain: { about: 'A domain.', initial: 255, unit: 'octets', source: 'RFC 5321 4.5.3.1.2' },
  label: { about: 'A part of a domain between dots.', initial: 63, unit: 'octets', source: 'RFC 1035 2.3.4' },
  path: {
    about: 'A reverse-path or forward-path with its brackets.',
    initial: 256,
    unit: 'octets',
    source: 'RFC 5321 4.5.3.1.3',
  },
  envid: {
    about: 'The value of ENVID with MAIL, as it is sent.',
    initial: 100,
    unit: 'octets',
    source: 'RFC 3461 4.4',
  },
  orcpt: {
    about: 'The value of ORCPT with RCPT, as it is sent.',
    initial: 500,
    unit: 'octets',
    source: 'RFC 3461 4.2',
  },
  replyLine: {
    about: 'A reply line with its code and CRLF; a longer text is cut.',
    initial: 512,
    unit: 'octets',
    source: 'RFC 5321 4.5.3.1.5',
  },
} as const satisfies Record<string, Limit>;

export const LOCAL_PART_OCTETS: number = GRAMMAR_LIMITS.localPart.initial;
export const DOMAIN_OCTETS: number = GRAMMAR_LIMITS.domain.initial;
export const LABEL_OCTETS: number = GRAMMAR_LIMITS.label.initial;
export const PATH_OCTETS: number = GRAMMAR_LIMITS.path.initial;
export const ENVID_OCTETS: number = GRAMMAR_LIMITS.envid.initial;
export const ORCPT_OCTETS: number = GRAMMAR_LIMITS.orcpt.initial;
export const REPLY_LINE_OCTETS: number = GRAMMAR_LIMITS.replyLine.initial;
