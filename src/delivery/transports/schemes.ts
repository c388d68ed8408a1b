/** The ways of delivery there are, by the scheme of their URLs. Each is loaded where it is used. */
import type { ContentWorkers } from '../workers/workers.js';
import type { Transport } from './transport.js';

/** What every transport needs of whoever opens it. */
export interface TransportEnvironment {
  /** The server's own name. */
  readonly hostname: string;
  /** Where messages are taken apart, if a transport has to; default: workers of its own. */
  readonly workers?: ContentWorkers;
}

/** Opens what a URL names. It may throw where a file that the URL names cannot be read. */
export type OpenTransport = (environment: TransportEnvironment) => Transport;

/** Reads a URL of one scheme: the way to open it, or in words what is wrong. No secret is in the words. */
type ReadUrl = (url: string) => OpenTransport | string;

const SCHEMES: Readonly<Record<string, () => Promise<ReadUrl>>> = {
  smtp: readSmarthost,
  smtps: readSmarthost,
  lmtp: readLmtp,
  'lmtp+unix': readLmtp,
  mx: readMx,
  https: readApi,
  http: readApi,
  maildir: readFiles,
  file: readFiles,
};

/** How a way of delivery is written, in words for an error message. */
export const DELIVER_FORM =
  "smtp://USER:PASSWORD@HOST:PORT or smtps:// (a smarthost), mx:// (recipients' own servers), lmtp://HOST:PORT or lmtp+unix:///PATH (a mail store), https://TOKEN@HOST/PATH (a mail API), maildir:PATH or file:PATH (folders)";

/**
 * Reads the URL of a transport, and loads what it takes.
 *
 * @returns the way to open it, or in words what is wrong, without what is secret in it
 */
export async function readTransportUrl(url: string): Promise<OpenTransport | string> {
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(url)?.[1]?.toLowerCase();
  if (scheme === undefined) return 'it does not begin with a scheme, such as smtp:';
  const load = Object.hasOwn(SCHEMES, scheme) ? SCHEMES[scheme] : undefined;
  if (load === undefined) return `scheme "${scheme}" is none of ${Object.keys(SCHEMES).join(', ')}`;
  return (await load())(url);
}

async function readSmarthost(): Promise<ReadUrl> {
  const { openSmarthost, parseSmarthost } = await import('./smtp/index.js');
  return opening(parseSmarthost, openSmarthost);
}

async function readLmtp(): Promise<ReadUrl> {
  const { openLmtp, parseLmtp } = await import('./lmtp/index.js');
  return opening(parseLmtp, openLmtp);
}

async function readMx(): Promise<ReadUrl> {
  const { openMx, parseMx } = await import('./mx/index.js');
  return opening(parseMx, openMx);
}

async function readApi(): Promise<ReadUrl> {
  const { parseApiUrl } = await import('./https/target.js');
  const { openApiTransport } = await import('./https/transport.js');
  return opening(parseApiUrl, (target, { workers }) =>
    openApiTransport(target, workers === undefined ? {} : { workers }),
  );
}

async function readFiles(): Promise<ReadUrl> {
  const { parseFilesUrl } = await import('./files/target.js');
  const { openFilesTransport } = await import('./files/transport.js');
  return opening(parseFilesUrl, openFilesTransport);
}

function opening<Target extends object>(
  parse: (url: string) => Target | string,
  open: (target: Target, environment: TransportEnvironment) => Transport,
): ReadUrl {
  return (url) => {
    const target = parse(url);
    return typeof target === 'string' ? target : (environment) => open(target, environment);
  };
}
