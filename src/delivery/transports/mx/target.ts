import { isIP } from 'node:net';
import { SMTP_CLIENT } from '../smtp/limits.js';
import { type OptionRow, parseUrl, readOptions } from '../smtp/url.js';

/** What one `mx://` URL says. */
export interface MxTarget {
  /** The port of mail servers. */
  readonly port: number;
  /** The name server to ask, as Node's `Resolver.setServers` takes it; null for those of the system. */
  readonly resolver: string | null;
  /** Whether mail servers may have addresses that are not of the public Internet. */
  readonly private: 'refuse' | 'allow';
  /** Whether recipients' domains are asked for an MTA-STS policy (RFC 8461). */
  readonly sts: 'on' | 'off';
  /** The port that policies are served on. */
  readonly stsPort: number;
  /** A PEM file with the authorities to trust, in place of the system's; null for those. */
  readonly ca: string | null;
  /** Connections to one domain at one time. */
  readonly connections: number;
}

const PORT = { pattern: /^[1-9]\d{0,4}$/, form: 'a number from 1 to 65535' };

/** The query options: what each may be, the default first. */
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
 * Reads `mx://`, with options behind it.
 *
 * @returns the target, or in words what is wrong
 */
export function parseMx(text: string): MxTarget | string {
  const url = parseUrl(text);
  if (typeof url === 'string') return url;
  if (url.scheme !== 'mx') return `scheme "${url.scheme}" is not mx`;
  if (url.host !== '' || url.credentials !== null || url.port !== null) {
    return 'it has a host; mail goes to the hosts that DNS names: mx://';
  }
  const options = readOptions(url.options, OPTIONS);
  if (typeof options === 'string') return options;
  const { port = '25', sts_port: stsPort = '443', resolver = null } = options;
  for (const [name, value] of Object.entries({ port, sts_port: stsPort })) {
    if (Number(value) > 65_535) return `option "${name}" is "${value}"; it is ${PORT.form}`;
  }
  if (resolver !== null && isIP(resolver.replace(/^\[(.*)\].*$|:\d+$/, '$1')) === 0) {
    return `option "resolver" is "${resolver}"; it is ${OPTIONS.resolver.form}`;
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
