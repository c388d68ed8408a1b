import { constants } from 'node:crypto';
import { isIP, type LookupFunction, type NetConnectOpts } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import type { ChannelTerms } from './channel-options.js';

/** Returns what to connect to: the path of a Unix socket, or host and port. */
export function addressOf({ host, port, path, addresses }: ChannelTerms): NetConnectOpts {
  if (path !== undefined) return { path };
  return { host, port, ...(addresses === undefined ? {} : { lookup: fixedLookup(addresses) }) };
}

/** Returns the options of a TLS handshake with the server. */
export function tlsOptionsOf({ host, tls: terms = {} }: ChannelTerms): ConnectionOptions {
  const session = terms.sessions?.last ?? null;
  return {
    rejectUnauthorized: terms.verify !== false,
    // Keeps the server from asking for one handshake after another.
    secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
    // RFC 6066 3: an address is not a server name.
    ...(isIP(host) === 0 && !host.startsWith('[') ? { servername: host } : {}),
    ...(terms.ca === undefined ? {} : { ca: terms.ca }),
    ...(session === null ? {} : { session }),
  };
}

/** Returns a look-up function that always answers with these addresses. */
function fixedLookup(addresses: readonly string[]): LookupFunction {
  const all = addresses.map((address) => ({ address, family: isIP(address) }));
  return (host, { all: wantsAll }, answer) => {
    const [first] = all;
    if (first === undefined) answer(new Error(`no address of ${host} is known`), '');
    else if (wantsAll === true) answer(null, all);
    else answer(null, first.address, first.family);
  };
}
