/** The transports by the scheme of their URLs. The code of a transport is loaded when it is first used. */
import { Fault, type Parsed } from '../../base/fault.js';
import type { ContentWorkers } from '../workers/workers.js';
import type { SmtpEnvironment } from './smtp/environment.js';
import type { Transport } from './transport.js';

/** The values that every transport needs when it is opened. */
export interface TransportEnvironment {
  /** The server's own name. */
  readonly hostname: string;
  /** As {@link SmtpEnvironment.onCut}. */
  readonly onCut?: SmtpEnvironment['onCut'];
  /** As {@link SmtpEnvironment.share}. */
  readonly share?: SmtpEnvironment['share'];
  /** Workers that parse messages, if a transport needs that. Default: workers of its own. */
  readonly workers?: ContentWorkers;
}

/** Opens the transport that a URL names. It may throw if a file that the URL names cannot be read. */
export type OpenTransport = (environment: TransportEnvironment) => Transport;

/** Reads a URL of one scheme. Returns a function that opens the transport, or a Fault without any secret. */
type ReadUrl = (url: string) => Parsed<OpenTransport>;

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

/** The forms of a transport's URL, for an error message. */
export const DELIVER_FORM =
  "smtp://USER:PASSWORD@HOST:PORT or smtps:// (a smarthost), mx:// (recipients' own servers), lmtp://HOST:PORT or lmtp+unix:///PATH (a mail store), https://TOKEN@HOST/PATH (a mail API), maildir:PATH or file:PATH (folders)";

/**
 * Reads the URL of a transport, and loads the code of that transport.
 *
 * @returns a function that opens the transport, or a Fault without any secret
 */
export async function readTransportUrl(url: string): Promise<Parsed<OpenTransport>> {
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(url)?.[1]?.toLowerCase();
  if (scheme === undefined) return new Fault('it does not begin with a scheme, such as smtp:');
  const load = Object.hasOwn(SCHEMES, scheme) ? SCHEMES[scheme] : undefined;
  if (load === undefined)
    return new Fault(`scheme "${scheme}" is unknown; it may be ${Object.keys(SCHEMES).join(', ')}`);
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
  parse: (url: string) => Parsed<Target>,
  open: (target: Target, environment: TransportEnvironment) => Transport,
): ReadUrl {
  return (url) => {
    const target = parse(url);
    return target instanceof Fault ? target : (environment) => open(target, environment);
  };
}
