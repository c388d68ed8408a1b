import type { BareNewlines } from './content/decoder.js';
import type { Hello } from './events.js';
import {
  announce,
  type AnyExtension,
  DEFAULT_EXTENSIONS,
  offer,
  type OptionalExtensions,
} from './extensions/index.js';
import { onlyGiven, settled } from '../base/limit.js';
import { DEFAULT_LIMITS, type Limits } from './limits.js';
import type { Link } from './link.js';
import type { Meter } from './meter.js';
import type { Reply } from './replies/reply.js';
import { helloReply, reply, replyWith } from './replies/catalogue.js';
import { LOGIN } from './sasl/login.js';
import type { SaslMechanism } from './sasl/mechanism.js';
import { PLAIN } from './sasl/plain.js';
import type { RelayTrust } from './extensions/relay-attributes.js';
import { binaryString, fromBinaryString, type ToOctets, type ToText } from '../base/octets.js';
import { PortableScan, type Scan } from './content/decoder.js';

export type Protocol = 'smtp' | 'lmtp';

/** Whether spaces between `FROM:` or `TO:` and the path are accepted: RFC 5321 3.3 allows no space there. */
export type SpaceBeforePath = 'accept' | 'reject';

/**
 * Whether common mistakes of clients are taken: those that can mean one thing only (`tolerant`), also addresses that are
 * none by RFC 5321 (`lenient`), or no mistake (`strict`).
 */
export type Syntax = 'tolerant' | 'strict' | 'lenient';

/** Whether a parameter of MAIL or RCPT that belongs to no extension on offer is refused, or taken without effect. */
export type UnknownParameters = 'reject' | 'accept';

/** How a listener wants its sessions to be. */
export interface ProfileOptions {
  /** The server's own name, in the greeting and the hello. */
  readonly hostname: string;
  /** What the greeting says after the hostname and the protocol. Default: `ready`. */
  readonly banner?: string;
  /** What the answer to a hello says after the hostname. Default: `Nice to meet you, [address]`. */
  readonly helloText?: string;
  /** LMTP (RFC 2033): LHLO in place of EHLO and HELO, and a reply per recipient behind a message. Default: smtp. */
  readonly protocol?: Protocol;
  /** Offer STARTTLS on plain links. Default: false. */
  readonly starttls?: boolean;
  /** Nothing but a hello, STARTTLS, NOOP, HELP and QUIT before TLS (RFC 3207 4). Default: false. */
  readonly tlsRequired?: boolean;
  /** No MAIL before AUTH. Default: false. */
  readonly authRequired?: boolean;
  /** No AUTH before TLS, and none announced (RFC 4954 4). Default: what `tlsRequired` says. */
  readonly authNeedsTls?: boolean;
  /** SASL mechanisms on offer, the best first. Default: PLAIN and LOGIN; none: AUTH is not offered. */
  readonly mechanisms?: readonly SaslMechanism[];
  /** A bare CR or LF in content, BINARYMIME excepted. Default: reject. */
  readonly bareNewlines?: BareNewlines;
  /** A space between `FROM:` or `TO:` and the path. Default: accept. */
  readonly spaceBeforePath?: SpaceBeforePath;
  /**
   * `tolerant` takes any printable hello name, an address without angle brackets, and AUTH after HELO; `strict` takes
   * what RFC 5321 has; `lenient` also takes any text between angle brackets for an address. Default: tolerant.
   */
  readonly syntax?: Syntax;
  /** A parameter that belongs to no extension on offer. Default: reject. */
  readonly unknownParameters?: UnknownParameters;
  /** Refuse a client that sends before the greeting. Off if TLS is detected by the first octet. Default: true. */
  readonly refuseEarlyTalkers?: boolean;
  /** Extensions on offer beside those that always are. */
  readonly extensions?: Partial<OptionalExtensions>;
  /** XCLIENT and XFORWARD are on offer: this client is a relay that is trusted. Default: none. */
  readonly relayTrust?: RelayTrust;
  /** Ask about each command before it is carried out: the question `command`. Default: false. */
  readonly asksCommands?: boolean;
  readonly limits?: Partial<Limits>;
  /** Counts commands and replies. Default: nothing does. */
  readonly meter?: Meter;
  /** Searches faster than the portable ones, where the platform has them. */
  readonly scan?: Scan;
  /** The platform's own decoder of ISO 8859-1. Default: a portable one. */
  readonly toText?: ToText;
  /** The platform's own encoder of ISO 8859-1, into arrays that it likes to write. Default: a portable one. */
  readonly toOctets?: ToOctets;
}

/** The options of a listener, completed and checked once, shared by all its sessions. */
export class Profile {
  readonly hostname: string;
  readonly protocol: Protocol;
  readonly starttls: boolean;
  readonly tlsRequired: boolean;
  readonly authRequired: boolean;
  readonly authNeedsTls: boolean;
  readonly mechanisms: ReadonlyMap<string, SaslMechanism>;
  readonly bareNewlines: BareNewlines;
  readonly spaceBeforePath: SpaceBeforePath;
  readonly syntax: Syntax;
  readonly unknownParameters: UnknownParameters;
  readonly refuseEarlyTalkers: boolean;
  readonly extensions: OptionalExtensions;
  readonly relayTrust: RelayTrust;
  readonly limits: Limits;
  /** Octets, without CRLF, of the longest line that any command or SASL response may have. */
  readonly longestLine: number;
  readonly meter: Meter | null;
  readonly scan: Scan;
  readonly toText: ToText;
  readonly toOctets: ToOctets;
  readonly asksCommands: boolean;
  readonly greeting: Reply;
  readonly #helloText: string | null;
  /** Keywords that EHLO announces. */
  readonly offered: Readonly<Record<Link, ReadonlySet<string>>>;
  readonly #extensions: Readonly<Record<Link, readonly AnyExtension[]>>;
  /** The EHLO replies; null if they change with the time of day. */
  readonly #announcements: Readonly<Record<Link, Reply>> | null;

  constructor(options: ProfileOptions) {
    this.hostname = options.hostname;
    this.protocol = options.protocol ?? 'smtp';
    this.starttls = options.starttls ?? false;
    this.tlsRequired = options.tlsRequired ?? false;
    this.authRequired = options.authRequired ?? false;
    this.authNeedsTls = this.tlsRequired || options.authNeedsTls === true;
    this.mechanisms = new Map((options.mechanisms ?? [PLAIN, LOGIN]).map((m) => [m.name, m]));
    this.bareNewlines = options.bareNewlines ?? 'reject';
    this.spaceBeforePath = options.spaceBeforePath ?? 'accept';
    this.syntax = options.syntax ?? 'tolerant';
    this.unknownParameters = options.unknownParameters ?? 'reject';
    this.refuseEarlyTalkers = options.refuseEarlyTalkers ?? true;
    this.extensions = { ...DEFAULT_EXTENSIONS, ...onlyGiven(options.extensions) };
    this.relayTrust = options.relayTrust ?? 'none';
    this.limits = settled('limits', DEFAULT_LIMITS, options.limits);
    this.longestLine = Math.max(this.limits.authLine, this.limits.commandLine - 2);
    this.meter = options.meter ?? null;
    this.scan = options.scan ?? new PortableScan();
    this.toText = options.toText ?? binaryString;
    this.toOctets = options.toOctets ?? fromBinaryString;
    const { hostname } = this;
    this.asksCommands = options.asksCommands ?? false;
    this.greeting = greetingOf(hostname, this.protocol, options.banner);
    this.#helloText = options.helloText ?? null;
    const plain = offer(this, 'plain');
    const tls = offer(this, 'tls');
    const mutual = offer(this, 'mutual');
    this.#extensions = { plain, tls, mutual };
    this.offered = { plain: keywords(plain), tls: keywords(tls), mutual: keywords(mutual) };
    const timed = [plain, tls, mutual].flat().some((extension) => extension.timed === true);
    this.#announcements = timed
      ? null
      : {
          plain: this.#announce('plain'),
          tls: this.#announce('tls'),
          mutual: this.#announce('mutual'),
        };
  }

  /** The answer to EHLO or LHLO, with the extensions, or to HELO, without. */
  hello(verb: Hello['verb'], address: string, link: Link): Reply {
    const announced = verb === 'HELO' ? null : (this.#announcements?.[link] ?? this.#announce(link));
    return helloReply({ hostname: this.hostname, address }, announced, this.#helloText);
  }

  #announce(link: Link): Reply {
    return replyWith('hello', announce(this, link, this.#extensions[link]));
  }
}

function greetingOf(hostname: string, protocol: Protocol, banner: string | undefined): Reply {
  if (banner !== undefined) {
    return protocol === 'lmtp'
      ? replyWith('lmtpGreeting', `${hostname} LMTP ${banner}`.trimEnd())
      : replyWith('greeting', `${hostname} ESMTP ${banner}`.trimEnd());
  }
  return protocol === 'lmtp' ? reply('lmtpGreeting', { hostname }) : reply('greeting', { hostname });
}

function keywords(extensions: readonly AnyExtension[]): ReadonlySet<string> {
  return new Set(extensions.map(({ keyword }) => keyword));
}
