import { Fault, type Parsed } from '../../../base/fault.js';
import { isIP } from 'node:net';
import { SMTP_CLIENT } from '../smtp/limits.js';
import { type OptionRow, parseUrl, readOptions } from '../smtp/url.js';

/** The content of one `mx://` URL. */
export interface MxTarget {
  /** The port of mail servers. */
  readonly port: number;
  /** The name server to ask, as Node's `Resolver.setServers` takes it; null for those of the system. */
  readonly resolver: string | null;
  /** Whether mail servers may have addresses that are not on the public Internet. */
  readonly private: 'refuse' | 'allow';
  /** Whether recipients' domains are asked for an MTA-STS policy (RFC 8461). */
  readonly sts: 'on' | 'off';
  /** The port from which policies are fetched. */
  readonly stsPort: number;
  /** Path of a PEM file with the authorities to trust; null for those of the system. */
  readonly ca: string | null;
  /** Largest number of connections to one domain at one time. */
  readonly connections: number;
}

const PORT = { pattern: /^[1-9]\d{0,4}$/, form: 'a number from 1 to 65535' };

/** The query options: the values that each may have, the default first. */
const OPTIONS = {
  port: PORT,
  resolver: {
    pattern: /^(?:[\d.]+|\[[\da-f:.]+\])(?::\d{1,5})?$/i,
    form: 'an address and a port, such as 192.0.2.1:53',
  },
  private: ['refuse', 'allow'],
  sts: ['on', 'off'],
  sts_port: PORT,
  ca: { pattern: /./, form: 'the path of a PEM file' },
  connections: { pattern: /^[1-9]\d{0,3}$/, form: 'a number from 1 to 9999' },
} as const satisfies Readonly<Record<string, OptionRow>>;

/**
 * Reads `mx://`, with options.
 *
 * @returns the target, or a Fault
 */
export function parseMx(text: string): Parsed<MxTarget> {
  const url = parseUrl(text);
  if (url instanceof Fault) return url;
  if (url.scheme !== 'mx') return new Fault(`scheme "${url.scheme}" is not mx`);
  if (url.host !== '' || url.credentials !== null || url.port !== null) {
    return new Fault('it has a host; mail goes to the hosts that DNS names: mx://');
  }
  const options = readOptions(url.options, OPTIONS);
  if (options instanceof Fault) return options;
  const { port = '25', sts_port: stsPort = '443', resolver = null } = options;
  for (const [name, value] of Object.entries({ port, sts_port: stsPort })) {
    if (Number(value) > 65_535) return new Fault(`option "${name}" is "${value}"; it is ${PORT.form}`);
  }
  if (resolver !== null && isIP(resolver.replace(/^\[(.*)\].*$|:\d+$/, '$1')) === 0) {
    return new Fault(`option "resolver" is "${resolver}"; it is ${OPTIONS.resolver.form}`);
  }
  return {
    port: Number(port),
    resolver,
    private: options.private === 'allow' ? 'allow' : 'refuse',
    sts: options.sts === 'off' ? 'off' : 'on',
    stsPort: Number(stsPort),
    ca: options.ca ?? null,
    connections: Number(options.connections ?? SMTP_CLIENT.connections.initial),
  };
}
