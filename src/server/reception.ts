import { Networks } from '../base/networks.js';
import { Profile, type RelayTrust } from '../protocol/index.js';
import type { LocalEnd } from './admission/local-address.js';
import type { ArrivalContext } from './connection/arrival.js';
import type { ConnectionContext } from './connection/connection.js';
import { DELAYS } from './limits.js';
import { unexpectedTls } from './listener.js';
import { checkAuth, checkTls, type ListenTls } from './option-checks.js';
import type { AcceptOptions } from './options.js';
import type { ServerParts } from './parts.js';
import { latin1, latin1Octets } from './platform/latin1.js';
import { fastestScan } from './platform/scan.js';
import { reverseByDns } from './reverse-lookup.js';
import type { TlsGate } from './tls/gate.js';

/** How one listener receives clients. */
export interface Reception<Principal> {
  readonly arrivals: Omit<ArrivalContext, 'readmit' | 'greet' | 'failed'>;
  readonly connections: Omit<ConnectionContext<Principal>, 'closed'>;
  /** The server speaks first: nothing is to be found out of a client before. */
  readonly speaksFirst: boolean;
  readonly proxies: Networks;
  readonly proxiesOnly: boolean;
  readonly relays: Networks;
}

/** @throws TypeError if an option is wrong or contradicts another one. */
export function receptionOf<Principal>(
  parts: ServerParts<Principal>,
  options: AcceptOptions,
  localEnd: LocalEnd,
): Reception<Principal> {
  const tls = checkTls(options, parts.options.certificates);
  const verifies = parts.handler.onAuth !== undefined;
  checkAuth(options, tls, verifies, parts.options);
  const gate = tls.tls === 'off' ? null : (parts.gates?.get(tls.clientCertificates !== 'none') ?? null);
  const relays = new Networks(options.relays ?? [], 'listen: relays: ');
  return {
    arrivals: {
      tls: tls.tls,
      tlsDetectMs: detectMs(options),
      habits: parts.habits,
      gate,
      handshakeMs: parts.timeouts.handshake,
      proxyRefusal: options.proxyRefusal ?? '',
      deadlines: parts.deadlines,
    },
    connections: connectionContext(parts, options, relays, tls, gate, localEnd),
    speaksFirst: tls.tls === 'off' || tls.tls === 'starttls',
    proxies: new Networks(options.proxies ?? [], 'listen: proxies: '),
    proxiesOnly: options.proxiesOnly === true,
    relays,
  };
}

function connectionContext<Principal>(
  parts: ServerParts<Principal>,
  options: AcceptOptions,
  relays: Networks,
  tls: ListenTls,
  gate: TlsGate | null,
  localEnd: LocalEnd,
): Reception<Principal>['connections'] {
  const { state = emptyState, reverseLookup = false } = parts.options;
  const anybody = profileOf(parts, options, tls, 'none');
  const relay = profileOf(
    parts,
    options,
    tls,
    parts.handler.onXclient === undefined ? 'withoutLogin' : 'withLogin',
  );
  return {
    handler: parts.handler,
    observers: parts.observers,
    hostname: parts.hostname,
    state,
    counters: parts.counters,
    reword: parts.reword,
    reverseLookup: reverseLookup === true ? reverseByDns : reverseLookup === false ? null : reverseLookup,
    profileFor: (address) => (relays.has(address) ? relay : anybody),
    timeouts: parts.timeouts,
    dataRate: parts.dataRate,
    deadlines: parts.deadlines,
    admission: parts.admission,
    localEnd,
    certificateRequired: tls.clientCertificates === 'required',
    unexpectedTls: () => unexpectedTls(tls.tls, detectMs(options)),
    habits: tls.tls === 'detect' ? parts.habits : null,
    secure: (socket, early, done) => {
      gate?.handshakeAfterPlain(socket, early, done);
    },
  };
}

/** Returns the profile of the sessions of clients that are trusted so far. */
function profileOf<Principal>(
  { handler, options: given, hostname, limits }: ServerParts<Principal>,
  options: AcceptOptions,
  { tls, tlsRequired }: ListenTls,
  relayTrust: RelayTrust,
): Profile {
  const { mechanisms, allowInsecureAuth, meter, bareNewlines, spaceBeforePath, syntax, unknownParameters } =
    given;
  const { banner, helloText } = given;
  const verifies = handler.onAuth !== undefined;
  return new Profile({
    hostname,
    protocol: options.lmtp === true ? 'lmtp' : 'smtp',
    starttls: tls === 'starttls' || tls === 'detect',
    tlsRequired,
    authRequired: options.authRequired ?? verifies,
    // Where there is no AUTH, TLS would not help: the command is unknown.
    authNeedsTls: verifies && allowInsecureAuth !== true,
    ...(!verifies ? { mechanisms: [] } : mechanisms === undefined ? {} : { mechanisms }),
    ...(meter === undefined ? {} : { meter }),
    ...(bareNewlines === undefined ? {} : { bareNewlines }),
    ...(spaceBeforePath === undefined ? {} : { spaceBeforePath }),
    ...(syntax === undefined ? {} : { syntax }),
    ...(unknownParameters === undefined ? {} : { unknownParameters }),
    ...(banner === undefined ? {} : { banner }),
    ...(helloText === undefined ? {} : { helloText }),
    asksCommands: handler.onCommand !== undefined,
    // If the first octet decides on TLS, a client may send it before the greeting.
    refuseEarlyTalkers: tls !== 'detect',
    extensions: given.extensions ?? {},
    relayTrust,
    limits,
    scan: fastestScan(),
    toText: latin1,
    toOctets: latin1Octets,
  });
}

/** How long the greeting waits for TLS, in milliseconds. */
function detectMs({ tlsDetectMs = DELAYS.tlsDetect.initial }: AcceptOptions): number {
  return tlsDetectMs;
}

function emptyState(): object {
  return {};
}
