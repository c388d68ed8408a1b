import type { Event, Hello, Question } from '../events.js';
import type { Mailbox } from '../grammar/mailbox.js';
import type { MailParameters } from '../extensions/index.js';
import type { Link } from '../link.js';
import type { ChunkedContent, IncomingContent } from '../content/incoming-content.js';
import type { Reply } from '../replies/reply.js';
import type { SaslExchange } from '../sasl/mechanism.js';

/** The client has not authenticated. */
export interface Anonymous {
  readonly kind: 'anonymous';
}

declare const earned: unique symbol;

/** The client has authenticated. Only the row `authenticated` of the transition table makes one. */
export interface Authenticated<Principal> {
  readonly kind: 'authenticated';
  readonly principal: Principal;
  readonly [earned]: true;
}

export type Identity<Principal> = Anonymous | Authenticated<Principal>;

/** The values of an accepted MAIL. */
export interface Transaction {
  /** Null for `<>`. */
  readonly reversePath: Mailbox | null;
  readonly parameters: MailParameters;
}

/**
 * The fields of all phases. If a phase lacks a field, the field is null, not absent: then all phases have one shape in
 * memory, and the engine finds each field by the shortest way.
 */
interface PhaseFields {
  readonly link: Link | null;
  readonly hello: Hello | null;
  readonly identity: Identity<unknown> | null;
  readonly transaction: Transaction | null;
  /** Number of accepted recipients. */
  readonly recipients: number | null;
  readonly reception: IncomingContent | null;
}

/** A phase before the hello. */
interface BeforeHello extends PhaseFields {
  readonly hello: null;
  readonly identity: null;
  readonly transaction: null;
  readonly recipients: null;
  readonly reception: null;
}

/** Before the greeting. */
export interface Connecting extends BeforeHello {
  readonly kind: 'connecting';
  readonly link: Link;
}

/** After the greeting or a TLS handshake, and before the hello. */
export interface Greeted extends BeforeHello {
  readonly kind: 'greeted';
  readonly link: Link;
}

/**
 * The client was refused at connect (RFC 5321 3.1), or TLS is not good enough (RFC 3207 4.1). Only QUIT is executed.
 */
export interface Rejected extends BeforeHello {
  readonly kind: 'rejected';
  readonly link: Link;
  /** The reply to every command except QUIT. */
  readonly refusal: Reply;
}

/** A phase after the hello. */
interface AfterHello<Principal> extends PhaseFields {
  readonly link: Link;
  readonly hello: Hello;
  readonly identity: Identity<Principal>;
}

/** Between transactions. */
export interface Ready<Principal> extends AfterHello<Principal> {
  readonly kind: 'ready';
  readonly transaction: null;
  readonly recipients: null;
  readonly reception: null;
}

/** Inside the SASL exchange of AUTH. */
export interface Authenticating<Principal> extends Omit<Ready<Principal>, 'kind'> {
  readonly kind: 'authenticating';
  readonly mechanism: string;
  /** The exchange; or, if its credentials are already refused, the refusal that follows the client's next line. */
  readonly exchange: SaslExchange | Reply;
}

/** MAIL was accepted, and no recipient yet. */
export interface Mail<Principal> extends AfterHello<Principal> {
  readonly kind: 'mail';
  readonly transaction: Transaction;
  readonly recipients: null;
  readonly reception: null;
}

/** At least one recipient was accepted. */
export interface Rcpt<Principal> extends AfterHello<Principal> {
  readonly kind: 'rcpt';
  readonly transaction: Transaction;
  readonly recipients: number;
  readonly reception: null;
}

/** The content is being received, by DATA. */
export interface Data<Principal> extends AfterHello<Principal> {
  readonly kind: 'data';
  readonly transaction: Transaction;
  readonly recipients: number;
  readonly reception: IncomingContent;
}

/** A chunk is being received, by BDAT. */
export interface Chunk<Principal> extends AfterHello<Principal> {
  readonly kind: 'chunk';
  readonly transaction: Transaction;
  readonly recipients: number;
  /** The same for all chunks of the message. */
  readonly reception: ChunkedContent;
}

/** Between two chunks. */
export interface Chunked<Principal> extends Omit<Chunk<Principal>, 'kind'> {
  readonly kind: 'chunked';
}

/** Octets that a refused BDAT declared are being received and dropped. They belong to no message. */
export interface Discarding<Principal> extends Omit<BeforeHello, 'hello' | 'identity' | 'reception'> {
  readonly kind: 'discarding';
  readonly hello: Hello | null;
  readonly identity: Identity<Principal> | null;
  readonly reception: ChunkedContent;
  /** The phase that follows when they have been dropped. */
  readonly before: Greeted | Rejected | Ready<Principal>;
}

/** A message is being received after a refused DATA. It is read to its end and refused. */
export interface Unsolicited<Principal> extends Omit<Ready<Principal>, 'kind' | 'reception'> {
  readonly kind: 'unsolicited';
  readonly reception: IncomingContent;
}

/** STARTTLS was accepted, and the handshake is under way. */
export interface Securing extends BeforeHello {
  readonly kind: 'securing';
}

/** Nothing more is read. The identity stays, for the notice of the end. */
export interface Closed<Principal> extends Omit<BeforeHello, 'hello' | 'identity'> {
  readonly kind: 'closed';
  readonly hello: Hello | null;
  readonly identity: Identity<Principal> | null;
}

export type Phase<Principal> =
  | Connecting
  | Greeted
  | Rejected
  | Ready<Principal>
  | Authenticating<Principal>
  | Mail<Principal>
  | Rcpt<Principal>
  | Data<Principal>
  | Chunk<Principal>
  | Chunked<Principal>
  | Discarding<Principal>
  | Unsolicited<Principal>
  | Securing
  | Closed<Principal>;

export type PhaseKind = Phase<unknown>['kind'];

/** The phases in which command lines are read. */
export type Commanding<Principal> =
  Greeted | Rejected | Ready<Principal> | Mail<Principal> | Rcpt<Principal> | Chunked<Principal>;

/** The phases in which octets are content, or are dropped as content. */
export type Receiving<Principal> =
  Data<Principal> | Chunk<Principal> | Discarding<Principal> | Unsolicited<Principal>;

/** What follows from a line, from the end of content or from a verdict. */
export interface Consequence<Principal> {
  readonly phase: Phase<Principal>;
  /** The event to report, or null. */
  readonly notice: Event | null;
  /** None if something else is to be answered first: the chunk that the message begins with. */
  readonly replies: readonly Reply[];
  /** The command to report as refused, and to count if its replies are refusals for good; null if it is not refused. */
  readonly refused: string | null;
  /** The question to ask, or null. */
  readonly asks: Question | null;
}

/** The replies of a consequence that has none. */
export const NO_REPLIES: readonly Reply[] = [];
