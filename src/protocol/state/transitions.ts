/**
 * Rule 1: every change of a session's phase stands in this table, and nowhere else.
 *
 * A row is `[phase][transition] = { to, make }`. `make` builds the next phase from the present one and from the proof
 * that earned the change. So a phase cannot exist without its proof: only `authenticated` makes a principal, and only
 * `mailAccepted` makes a reverse-path. A transition that is not in the table is a bug of the machine, and throws.
 *
 * `docs/states.md` shows the table as a drawing.
 */
import type { Hello } from '../events.js';
import type { Link } from '../link.js';
import type {
  Authenticated,
  Authenticating,
  Chunk,
  Chunked,
  Closed,
  Connecting,
  Data,
  Discarding,
  Greeted,
  Identity,
  Mail,
  Phase,
  PhaseKind,
  Rcpt,
  Ready,
  Rejected,
  Securing,
  Transaction,
  Unsolicited,
} from './phases.js';
import type { ChunkedContent, IncomingContent } from '../content/incoming-content.js';
import type { Reply } from '../replies/reply.js';
import type { SaslExchange } from '../sasl/mechanism.js';

/** The proof that each transition needs. */
export interface Proofs {
  /** The verdict on connect was yes. */
  welcomed: undefined;
  /** The verdict on connect or XCLIENT was no, with another code than 421. */
  turnedAway: { readonly refusal: Reply };
  /** The verdict on XCLIENT was yes: this is another client. Forgets hello and identity. */
  startedOver: undefined;
  /** The verdict on the hello was yes. Forgets any transaction (RFC 5321 4.1.4) and keeps the identity. */
  hello: Hello;
  /** The verdict on STARTTLS was yes. */
  startTls: undefined;
  /** The handshake has ended. Forgets everything that came before it (RFC 3207 4.2). */
  secured: { readonly link: Exclude<Link, 'plain'> };
  /** The handshake has ended, and its result is not good enough to continue. */
  insecure: { readonly link: Exclude<Link, 'plain'>; readonly refusal: Reply };
  /** AUTH named a mechanism that is offered. */
  saslBegun: { readonly mechanism: string; readonly exchange: SaslExchange };
  /** The verdict on AUTH was yes. */
  authenticated: { readonly principal: unknown };
  /** The credentials were refused, and the client has to answer a challenge before it gets the refusal. */
  saslLost: { readonly refusal: Reply };
  /** The exchange ended without a principal. */
  saslOver: undefined;
  /** The verdict on MAIL was yes. */
  mailAccepted: Transaction;
  /** The verdict on RCPT was yes. */
  rcptAccepted: undefined;
  /** The verdict on DATA was yes. */
  dataBegun: { readonly reception: IncomingContent };
  /** BDAT came in a phase in which a message may have chunks. */
  chunkBegun: { readonly reception: ChunkedContent };
  /** A chunk that is not the last one has ended. */
  chunkOver: undefined;
  /** BDAT was refused: the octets that it declared still follow. */
  chunkRefused: { readonly reception: ChunkedContent };
  /** The octets that a refused BDAT declared have been dropped. */
  discardOver: undefined;
  /** The content has ended, whatever the verdict. */
  dataOver: undefined;
  /** RSET. */
  reset: undefined;
  /** The first line of a message came after a refused DATA. */
  unsolicitedBegun: { readonly reception: IncomingContent };
  unsolicitedOver: undefined;
  /** QUIT, a refusal that closes the connection, the end of the peer's input, or a deadline. */
  closed: undefined;
}

export type Transition = keyof Proofs;

interface Row<From, Proof> {
  /** A list if it depends on the phase before. */
  readonly to: PhaseKind | readonly PhaseKind[];
  readonly make: (from: From, proof: Proof) => Phase<unknown>;
}
type Rows<Kind extends PhaseKind> = {
  readonly [T in Transition]?: Row<Extract<Phase<unknown>, { kind: Kind }>, Proofs[T]>;
};
type Table = { readonly [Kind in PhaseKind]: Rows<Kind> };

/** The fields that every phase after the hello keeps. */
type Known = Pick<Ready<unknown>, 'link' | 'hello' | 'identity'>;

const ANONYMOUS: Identity<never> = { kind: 'anonymous' };

/**
 * Makes a phase before the hello. This function and {@link known} make all phases, so that all have the same shape.
 */
const unknown = <Kind extends PhaseKind, L extends Link | null>(kind: Kind, link: L) => ({
  kind,
  link,
  hello: null,
  identity: null,
  transaction: null,
  recipients: null,
  reception: null,
});
/** Makes a phase after the hello. */
const known = <Kind extends PhaseKind, T, N, R>(
  kind: Kind,
  { link, hello, identity }: Known,
  transaction: T,
  recipients: N,
  reception: R,
) => ({ kind, link, hello, identity, transaction, recipients, reception });

/** Returns the first phase. */
export const connecting = (link: Link): Connecting => unknown('connecting', link);
const greeted = (link: Link): Greeted => unknown('greeted', link);
const rejected = (link: Link, refusal: Reply): Rejected => ({ ...unknown('rejected', link), refusal });
const ready = (from: Known): Ready<unknown> => known('ready', from, null, null, null);
const SECURING: Securing = unknown('securing', null);

const toClosed = {
  to: 'closed',
  make: ({ hello, identity }: Pick<Phase<unknown>, 'hello' | 'identity'>): Closed<unknown> => ({
    ...unknown('closed', null),
    hello,
    identity,
  }),
} as const;
const toSecuring = { to: 'securing', make: () => SECURING } as const;
const toGreeted = { to: 'greeted', make: (from: { readonly link: Link }) => greeted(from.link) } as const;
const toRejected = {
  to: 'rejected',
  make: (from: { readonly link: Link }, { refusal }: Proofs['turnedAway']) => rejected(from.link, refusal),
} as const;
const toReady = { to: 'ready', make: ready } as const;
const toNewHello = {
  to: 'ready',
  make: (from: Known, hello: Hello) => ready({ link: from.link, hello, identity: from.identity }),
} as const;
const toUnsolicited = {
  to: 'unsolicited',
  make: (from: Known, { reception }: Proofs['unsolicitedBegun']): Unsolicited<unknown> =>
    known('unsolicited', from, null, null, reception),
} as const;
const toChunk = {
  to: 'chunk',
  make: (
    from: Mail<unknown> | Rcpt<unknown> | Chunked<unknown>,
    { reception }: Proofs['chunkBegun'],
  ): Chunk<unknown> => known('chunk', from, from.transaction, from.recipients ?? 0, reception),
} as const;
const toDiscarding = {
  to: 'discarding',
  make: (
    before: Discarding<unknown>['before'],
    { reception }: Proofs['chunkRefused'],
  ): Discarding<unknown> => ({
    ...unknown('discarding', before.link),
    hello: before.hello,
    identity: before.identity,
    reception,
    before,
  }),
} as const;
const toRcpt = {
  to: 'rcpt',
  make: (from: Mail<unknown> | Rcpt<unknown>): Rcpt<unknown> =>
    known('rcpt', from, from.transaction, (from.recipients ?? 0) + 1, null),
} as const;
const toAuthenticated = {
  to: 'ready',
  make: ({ link, hello }: Known, { principal }: Proofs['authenticated']): Ready<unknown> =>
    ready({ link, hello, identity: { kind: 'authenticated', principal } as Authenticated<unknown> }),
} as const;

export const TRANSITIONS: Table = {
  connecting: {
    welcomed: toGreeted,
    turnedAway: toRejected,
    closed: toClosed,
  },
  rejected: {
    chunkRefused: toDiscarding,
    closed: toClosed,
  },
  greeted: {
    hello: {
      to: 'ready',
      make: (from: Greeted, hello) => ready({ link: from.link, hello, identity: ANONYMOUS }),
    },
    startedOver: toGreeted,
    turnedAway: toRejected,
    chunkRefused: toDiscarding,
    closed: toClosed,
  },
  ready: {
    hello: toNewHello,
    startTls: toSecuring,
    startedOver: toGreeted,
    turnedAway: toRejected,
    saslBegun: {
      to: 'authenticating',
      make: (from: Ready<unknown>, proof): Authenticating<unknown> => ({
        ...from,
        kind: 'authenticating',
        mechanism: proof.mechanism,
        exchange: proof.exchange,
      }),
    },
    mailAccepted: {
      to: 'mail',
      make: (from: Ready<unknown>, transaction): Mail<unknown> =>
        known('mail', from, transaction, null, null),
    },
    reset: toReady,
    chunkRefused: toDiscarding,
    unsolicitedBegun: toUnsolicited,
    closed: toClosed,
  },
  authenticating: {
    authenticated: toAuthenticated,
    saslLost: {
      to: 'authenticating',
      make: (from: Authenticating<unknown>, { refusal }): Authenticating<unknown> => ({
        ...from,
        kind: 'authenticating',
        exchange: refusal,
      }),
    },
    saslOver: toReady,
    closed: toClosed,
  },
  mail: {
    rcptAccepted: toRcpt,
    // The chunk belongs to this message even if it is refused, and the message cannot be accepted without it.
    chunkRefused: toChunk,
    hello: toNewHello,
    reset: toReady,
    unsolicitedBegun: toUnsolicited,
    closed: toClosed,
  },
  rcpt: {
    rcptAccepted: toRcpt,
    dataBegun: {
      to: 'data',
      make: (from: Rcpt<unknown>, { reception }): Data<unknown> =>
        known('data', from, from.transaction, from.recipients, reception),
    },
    chunkBegun: toChunk,
    chunkRefused: toChunk,
    hello: toNewHello,
    reset: toReady,
    unsolicitedBegun: toUnsolicited,
    closed: toClosed,
  },
  data: {
    dataOver: toReady,
    closed: toClosed,
  },
  chunk: {
    chunkOver: {
      to: 'chunked',
      make: (from: Chunk<unknown>): Chunked<unknown> =>
        known('chunked', from, from.transaction, from.recipients, from.reception),
    },
    dataOver: toReady,
    closed: toClosed,
  },
  chunked: {
    chunkBegun: toChunk,
    chunkRefused: toChunk,
    hello: toNewHello,
    reset: toReady,
    unsolicitedBegun: toUnsolicited,
    closed: toClosed,
  },
  discarding: {
    discardOver: {
      to: ['greeted', 'rejected', 'ready'],
      make: (from: Discarding<unknown>) => from.before,
    },
    closed: toClosed,
  },
  unsolicited: {
    unsolicitedOver: toReady,
    closed: toClosed,
  },
  securing: {
    secured: { to: 'greeted', make: (_: Securing, { link }) => greeted(link) },
    insecure: {
      to: 'rejected',
      make: (_: Securing, { link, refusal }) => rejected(link, refusal),
    },
    closed: toClosed,
  },
  closed: {},
};

/** Takes a phase and, if the transition must be earned, the proof; returns the next phase. */
type Step<Proof> = <Principal>(
  phase: Phase<Principal>,
  ...proof: Proof extends undefined ? [] : [Proof]
) => Phase<Principal>;

/** The table without its types, which TypeScript cannot follow through a lookup. */
const ROWS = Object.entries(
  TRANSITIONS as unknown as Readonly<Record<string, Readonly<Record<string, Row<Phase<unknown>, unknown>>>>>,
);

/** Returns a function that makes one transition from any phase that has it. */
function step(transition: string): Step<unknown> {
  const rows = new Map(ROWS.map(([kind, from]) => [kind, from[transition]]));
  return <Principal>(phase: Phase<Principal>, proof: unknown): Phase<Principal> => {
    const row = rows.get(phase.kind);
    if (row === undefined) throw new Error(`no transition ${transition} from ${phase.kind}`);
    return row.make(phase, proof) as Phase<Principal>;
  };
}

/**
 * The table as functions, one for each transition: `advance.mailAccepted(phase, transaction)` returns the phase that
 * follows.
 *
 * @throws Error if the table has no such row: a bug of the machine, never of the peer
 */
export const advance = Object.fromEntries(
  ROWS.flatMap(([, rows]) => Object.keys(rows)).map((transition) => [transition, step(transition)]),
) as { readonly [T in Transition]: Step<Proofs[T]> };
