import type { Hello } from '../events.js';
import type { Mailbox } from '../grammar/mailbox.js';
import type { MailParameters } from '../grammar/parameters.js';
import type { Link } from '../link.js';
import type { ChunkedReception, Reception } from '../content/incoming-content.js';
import type { Reply } from '../replies/reply.js';
import type { SaslExchange } from '../sasl/mechanism.js';

/** Nobody in particular. */
export interface Anonymous {
  readonly kind: 'anonymous';
}

declare const earned: unique symbol;

/** Somebody, proven. Only the row `authenticated` of the transition table makes one. */
export interface Authenticated<Principal> {
  readonly kind: 'authenticated';
  readonly principal: Principal;
  readonly [earned]: true;
}

export type Identity<Principal> = Anonymous | Authenticated<Principal>;

/** What MAIL opened. */
export interface Transaction {
  /** Null for `<>`. */
  readonly reversePath: Mailbox | null;
  readonly parameters: MailParameters;
}

/**
 * What a session may have, phase by phase. What a phase does not have is null in it, not left out: so all have one
 * shape in memory, and the engine finds what it looks for in any of them by the shortest way.
 */
interface Having {
  readonly link: Link | null;
  readonly hello: Hello | null;
  readonly identity: Identity<unknown> | null;
  readonly transaction: Transaction | null;
  /** How many were accepted. */
  readonly recipients: number | null;
  readonly reception: Reception | null;
}

/** Nobody has said hello. */
interface Unknown extends Having {
  readonly hello: null;
  readonly identity: null;
  readonly transaction: null;
  readonly recipients: null;
  readonly reception: null;
}

/** Before the greeting. */
export interface Connecting extends Unknown {
  readonly kind: 'connecting';
  readonly link: Link;
}

/** Greeted, or fresh out of a TLS handshake: no hello yet. */
export interface Greeted extends Unknown {
  readonly kind: 'greeted';
  readonly link: Link;
}

/** Turned away at the door (RFC 5321 3.1), or not secure enough (RFC 3207 4.1). Only QUIT is obeyed. */
export interface Rejected extends Unknown {
  readonly kind: 'rejected';
  readonly link: Link;
  /** What every command gets but QUIT. */
  readonly refusal: Reply;
}

/** Somebody has said hello, and is who he is. */
interface Known<Principal> extends Having {
  readonly link: Link;
  readonly hello: Hello;
  readonly identity: Identity<Principal>;
}

/** Between messages. */
export interface Ready<Principal> extends Known<Principal> {
  readonly kind: 'ready';
  readonly transaction: null;
  readonly recipients: null;
  readonly reception: null;
}

/** Inside the SASL exchange of AUTH. */
export interface Authenticating<Principal> extends Omit<Ready<Principal>, 'kind'> {
  readonly kind: 'authenticating';
  readonly mechanism: string;
  /** What goes on; or, where it is lost, the refusal that the client hears once it has answered. */
  readonly exchange: SaslExchange | Reply;
}

/** MAIL was accepted, no recipient yet. */
export interface Mail<Principal> extends Known<Principal> {
  readonly kind: 'mail';
  readonly transaction: Transaction;
  readonly recipients: null;
  readonly reception: null;
}

/** At least one recipient was accepted. */
export interface Rcpt<Principal> extends Known<Principal> {
  readonly kind: 'rcpt';
  readonly transaction: Transaction;
  readonly recipients: number;
  readonly reception: null;
}

/** The content is coming, by DATA. */
export interface Data<Principal> extends Known<Principal> {
  readonly kind: 'data';
  readonly transaction: Transaction;
  readonly recipients: number;
  readonly reception: Reception;
}

/** A chunk is coming, by BDAT. */
export interface Chunk<Principal> extends Known<Principal> {
  readonly kind: 'chunk';
  readonly transaction: Transaction;
  readonly recipients: number;
  /** One for all chunks of the message. */
  readonly reception: ChunkedReception;
}

/** Between two chunks. */
export interface Chunked<Principal> extends Omit<Chunk<Principal>, 'kind'> {
  readonly kind: 'chunked';
}

/** Octets come that a refused BDAT declared, with no message that they could be of. */
export interface Discarding<Principal> extends Omit<Unknown, 'hello' | 'identity' | 'reception'> {
  readonly kind: 'discarding';
  readonly hello: Hello | null;
  readonly identity: Identity<Principal> | null;
  readonly reception: ChunkedReception;
  /** The session is just there again when they are gone. */
  readonly before: Greeted | Rejected | Ready<Principal>;
}

/** A message comes that nobody asked for, after a refused DATA: it is read to its end and refused. */
export interface Unsolicited<Principal> extends Omit<Ready<Principal>, 'kind' | 'reception'> {
  readonly kind: 'unsolicited';
  readonly reception: Reception;
}

/** STARTTLS was accepted; the handshake is on. */
export interface Securing extends Unknown {
  readonly kind: 'securing';
}

/** Nothing more is read. Who it was is known still, to whoever is told of the end. */
export interface Closed<Principal> extends Omit<Unknown, 'hello' | 'identity'> {
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

/** The phases in which octets are content, or are dropped as such. */
export type Receiving<Principal> =
  Data<Principal> | Chunk<Principal> | Discarding<Principal> | Unsolicited<Principal>;

/** The phases in which a mail transaction is open. */
export type InTransaction<Principal> =
  Mail<Principal> | Rcpt<Principal> | Data<Principal> | Chunk<Principal> | Chunked<Principal>;
