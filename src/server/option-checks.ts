import type { SaslMechanism } from '../protocol/index.js';
import type { Certificates } from './tls/certificates.js';
import type { ListenOptions, ServerOptions } from './options.js';

/** @throws TypeError where a mechanism is on offer that nobody can decide on. */
export function checkMechanisms({
  mechanisms = [],
  onAuth,
  onScram,
}: Pick<ServerOptions<unknown, SaslMechanism>, 'mechanisms' | 'onAuth' | 'onScram'>): void {
  const [first] = mechanisms;
  if (first !== undefined && onAuth === undefined) {
    throw new TypeError(`mechanisms: ${first.name} needs onAuth, which says whom it proves`);
  }
  const scram = mechanisms.find(({ name }) => name.startsWith('SCRAM-'));
  if (scram !== undefined && onScram === undefined) {
    throw new TypeError(`mechanisms: ${scram.name} needs onScram, which gives the keys of a user`);
  }
}

/** How TLS comes about on a port, and whether anything goes before it. */
export interface ListenTls {
  readonly tls: NonNullable<ListenOptions['tls']>;
  readonly tlsRequired: boolean;
  readonly clientCertificates: NonNullable<ListenOptions['clientCertificates']>;
}

/** @throws TypeError where what is asked for contradicts itself, or cannot be had. */
export function checkTls(options: ListenOptions, certificates: Certificates | undefined): ListenTls {
  const tls = options.tls ?? (certificates === undefined ? 'off' : 'starttls');
  const { clientCertificates = 'none' } = options;
  const tlsRequired = options.tlsRequired ?? clientCertificates === 'required';
  if (tls !== 'off' && certificates === undefined) {
    throw new TypeError(`listen: tls '${tls}' needs certificates`);
  }
  if (clientCertificates !== 'none') {
    const wanted = `listen: clientCertificates '${clientCertificates}'`;
    if (tls === 'off') throw new TypeError(`${wanted} cannot be met with tls 'off'`);
    if (certificates?.knowsClients !== true) {
      throw new TypeError(`${wanted} needs certificates with clientAuthorities`);
    }
    if (clientCertificates === 'required' && !tlsRequired) {
      throw new TypeError(`${wanted} cannot be met with tlsRequired false`);
    }
  }
  if (tls === 'off' && tlsRequired) throw new TypeError("listen: tlsRequired cannot be met with tls 'off'");
  return { tls, tlsRequired, clientCertificates };
}

/** @throws TypeError where a protocol is asked for that the port must not have. */
export function checkProtocol({ lmtp, port }: ListenOptions): void {
  if (lmtp === true && port === 25)
    throw new TypeError('listen: LMTP must not be spoken on port 25 (RFC 2033 1)');
}
