import { constants, createHash, randomBytes } from 'node:crypto';
import {
  createSecureContext,
  type SecureContext,
  type SecureVersion,
  type Server,
  type TlsOptions,
} from 'node:tls';
import {
  authorityFiles,
  type AuthoritySource,
  type AuthorityText,
  checkAuthorities,
  readAuthorities,
  readAuthoritiesSync,
} from './authorities.js';
import {
  type Check,
  checkShape,
  isDeadline,
  isFunction,
  isList,
  isMilliseconds,
  isTextOrOctets,
  isText,
  oneOf,
  type Shape,
} from '../../base/check-shape.js';
import { onlyGiven } from '../../base/limit.js';
import { shown } from '../../base/shown.js';
import { CertificateError, type CertificateWarning } from './error.js';
import { NameIndex } from './names.js';
import { checkPair, type CheckedPair } from './pair.js';
import {
  filesOf,
  readSources,
  readSourcesSync,
  signatureOf,
  type CertificateSource,
  type PemPair,
} from './source.js';
import type { ServerUse, TlsSource } from './tls-source.js';
import { ChangePoll } from './watch.js';

export { CertificateError, type CertificateErrorCode, type CertificateWarning } from './error.js';
export type { AuthoritySource } from './authorities.js';
export type { CertificateSource, FileSource, TextSource } from './source.js';

/**
 * The cipher suites served by default: authenticated encryption with forward secrecy alone (RFC 9325 4.2), those of
 * TLS 1.3 in Node's order. Every client since 2014 has one of them.
 */
export const DEFAULT_CIPHERS = [
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'TLS_AES_128_GCM_SHA256',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
].join(':');

export interface CertificatesOptions {
  /** The oldest TLS version spoken. Default: `TLSv1.2` (RFC 8996 retires what is older). */
  readonly minVersion?: SecureVersion;
  /** Cipher list in OpenSSL's notation. Default: `DEFAULT_CIPHERS`. */
  readonly ciphers?: string;
  /** 48 octets that session tickets are sealed with; give the same to processes that share clients. Default: random. */
  readonly ticketKeys?: Buffer;
  /** The authorities that sign client certificates, for listeners that ask for one. Default: none. */
  readonly clientAuthorities?: AuthoritySource;
}

/** The certificates in use, for the start banner and the logs. */
export interface CertificateFacts {
  /** The certificate's file, or a description of its source. */
  readonly where: string;
  /** Host names it is served for, in lower case. */
  readonly names: readonly string[];
  readonly validFrom: Date;
  readonly validTo: Date;
  /** SHA-256 of the certificate, in hexadecimal with colons. */
  readonly fingerprint: string;
}

export type ReloadResult =
  | {
      readonly ok: true;
      /** Whether any certificate is another one than before. */
      readonly changed: boolean;
      readonly warnings: readonly CertificateWarning[];
    }
  /** The certificates from before stay in use. */
  | { readonly ok: false; readonly error: CertificateError };

interface WatchOptions {
  /** Pause between two looks at the files, in milliseconds. Default: 5000. */
  readonly intervalMs?: number;
  /** How long a change must stand still before it is read, in milliseconds. Default: 500. */
  readonly settleMs?: number;
  /** Hears of every change, every failure, and the end of a failure; not of files written anew with the same content. */
  readonly onReload?: (result: ReloadResult) => void;
}

/** Everything that one reload replaces, in one object, so that one assignment replaces it. */
interface Loaded {
  readonly fallback: SecureContext;
  readonly byName: NameIndex<SecureContext>;
  /** Options of the fallback context, for servers that build their own from them. */
  readonly options: TlsOptions;
  /** The same, for servers that ask clients for a certificate. */
  readonly askingOptions: TlsOptions;
  /** Differs when anything that is served differs. */
  readonly identity: string;
  readonly facts: readonly CertificateFacts[];
  readonly warnings: readonly CertificateWarning[];
}

/**
 * The certificates of one or more TLS servers. They are chosen by server name, and replaced while connections live.
 *
 * Handshakes that begin after a reload get the new certificates; connections keep what they have. Session
 * tickets stay good across reloads and across the names.
 */
export class Certificates implements TlsSource {
  #sources: readonly CertificateSource[];
  readonly #common: TlsOptions;
  #loaded: Loaded;
  readonly #authorities: AuthoritySource | undefined;
  readonly #servers = new Map<Server, ServerUse>();
  /** Reloads stand in line: the one that was asked for last must also be the one that stays. */
  #lastReload: Promise<unknown> = Promise.resolve();
  #poll: ChangePoll | undefined;

  /** As {@link Certificates.load}. */
  constructor(sources: readonly CertificateSource[], options: CertificatesOptions = {}) {
    checkSources('Certificates.load', sources);
    checkShape('Certificates.load', options, OPTIONS);
    const { minVersion = 'TLSv1.2', ciphers = DEFAULT_CIPHERS, ticketKeys = randomBytes(48) } = options;
    checkCiphers(ciphers);
    this.#sources = sources;
    this.#common = {
      minVersion,
      ciphers,
      honorCipherOrder: true,
      // If a client renegotiates TLS 1.2 again and again, the server computes for nothing, and no mail client needs to
      // (RFC 9325 3.5 and 4.4; TLS 1.3 cannot).
      secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
      // OpenSSL opens a ticket with the keys of the server's own context and seals one with those of the
      // context that the name chose: they must be the same in all, now and after a reload.
      ticketKeys,
      // A session is bound to this text, too. Node's default is a hash of the command line: processes that
      // share their ticket keys would not resume each other's sessions.
      sessionIdContext: 'postern',
    };
    this.#authorities = options.clientAuthorities;
    const text = this.#authorities === undefined ? null : readAuthoritiesSync(this.#authorities);
    this.#loaded = build(readSourcesSync(sources), text, this.#common);
  }

  /**
   * Reads and checks every source; the first is served to clients that name no server, or an unknown one.
   * @throws CertificateError naming the file, what was expected and what came.
   */
  static load(sources: readonly CertificateSource[], options: CertificatesOptions = {}): Certificates {
    return new Certificates(sources, options);
  }

  /** Returns the certificates in use, in the order of the sources. */
  get facts(): readonly CertificateFacts[] {
    return this.#loaded.facts;
  }

  /** Returns the warnings for the operator. */
  get warnings(): readonly CertificateWarning[] {
    return this.#loaded.warnings;
  }

  /** Whether there is anybody who vouches for clients. */
  get knowsClients(): boolean {
    return this.#authorities !== undefined;
  }

  /** The context for a server name, or for none. */
  contextFor(serverName: string | undefined): SecureContext {
    const { byName, fallback } = this.#loaded;
    return (serverName === undefined ? undefined : byName.find(serverName)) ?? fallback;
  }

  /**
   * Options for `tls.createServer` or `new tls.Server`. Call {@link follow} with that server, too: a client
   * that sends no server name is answered from the server's own context, which only `follow` replaces.
   */
  serverOptions(use: ServerUse = {}): TlsOptions {
    return {
      ...optionsFor(this.#loaded, use),
      SNICallback: (serverName, done) => done(null, this.contextFor(serverName)),
    };
  }

  /** Gives `server` the current certificate, now and after each reload. The result ends that. */
  follow(server: Server, use: ServerUse = {}): () => void {
    server.setSecureContext(optionsFor(this.#loaded, use));
    this.#servers.set(server, use);
    return () => this.#servers.delete(server);
  }

  /**
   * Reads the sources again (or reads others, from now on) and replaces all certificates in one step. If
   * any of them is bad, none is replaced. Never rejects.
   */
  reload(sources: readonly CertificateSource[] = this.#sources): Promise<ReloadResult> {
    const result = this.#lastReload.then(() => this.#reload(sources));
    this.#lastReload = result;
    return result;
  }

  /** Reloads whenever a file changes, until {@link close}. Does not keep the process alive. */
  watch(options: WatchOptions = {}): void {
    checkShape('watch', options, WATCH);
    const { intervalMs = 5000, settleMs = 500, onReload } = options;
    this.#poll?.close();
    let failing = false;
    this.#poll = new ChangePoll({
      intervalMs,
      settleMs,
      look: () => signatureOf([...filesOf(this.#sources), ...authorityFiles(this.#authorities)]),
      onChange: async () => {
        const result = await this.reload();
        if (!result.ok || result.changed || failing) onReload?.(result);
        failing = !result.ok;
      },
    });
  }

  /** Stops watching and forgets the servers. They keep the certificates that they have. */
  close(): void {
    this.#poll?.close();
    this.#poll = undefined;
    this.#servers.clear();
  }

  async #reload(sources: readonly CertificateSource[]): Promise<ReloadResult> {
    try {
      checkSources('reload', sources);
      const authorities = this.#authorities === undefined ? null : await readAuthorities(this.#authorities);
      const loaded = build(await readSources(sources), authorities, this.#common);
      const changed = loaded.identity !== this.#loaded.identity;
      this.#loaded = loaded;
      this.#sources = sources;
      for (const [server, use] of this.#servers) server.setSecureContext(optionsFor(loaded, use));
      return { ok: true, changed, warnings: loaded.warnings };
    } catch (cause) {
      if (cause instanceof CertificateError) return { ok: false, error: cause };
      return { ok: false, error: new CertificateError('refused', 'certificates', String(cause), { cause }) };
    }
  }
}

function build(pairs: readonly PemPair[], authorities: AuthorityText | null, given: TlsOptions): Loaded {
  const now = Date.now();
  const doubts = authorities === null ? [] : checkAuthorities(authorities, now);
  // In every context: the one that the server name chooses is the one that looks at the client.
  const common = authorities === null ? given : { ...given, ca: authorities.pem };
  const checked = pairs.map((pair) => checkPair(pair, now));
  const [first] = checked;
  if (first === undefined) {
    throw new CertificateError('no-source', 'certificates', 'expected at least one, found none');
  }
  const contexts = checked.map((pair) => contextOf(pair, common));
  const [fallback = contextOf(first, common)] = contexts;
  const byName = new NameIndex<SecureContext>();
  for (const [index, pair] of checked.entries()) {
    for (const name of pair.names) byName.add(name, contexts[index] ?? fallback);
  }
  const options = { ...common, cert: first.cert, key: first.key };
  return {
    fallback,
    byName,
    options,
    askingOptions: { ...options, sessionIdContext: sessionContext(authorities) },
    // A key cannot change alone: it would not belong to its certificate.
    identity: JSON.stringify([authorities?.pem, checked.map(({ cert, names }) => [cert, names])]),
    facts: checked.map(factsOf),
    warnings: [...checked.flatMap((pair) => pair.warnings), ...doubts],
  };
}

function optionsFor(loaded: Loaded, { asksClients = false }: ServerUse): TlsOptions {
  return asksClients ? loaded.askingOptions : loaded.options;
}

/**
 * A session carries the client's certificate and the result of its check. So a session that began on a listener that
 * did not ask for a certificate, or that trusts other authorities, must not be resumed on one that asks.
 */
function sessionContext(authorities: AuthorityText | null): string {
  // OpenSSL takes 32 octets.
  return `postern ${createHash('sha256')
    .update(authorities?.pem ?? '')
    .digest('hex')
    .slice(0, 24)}`;
}

function contextOf({ cert, key, where }: CheckedPair, common: TlsOptions): SecureContext {
  try {
    return createSecureContext({ ...common, cert, key });
  } catch (cause) {
    throw refused(where, cause);
  }
}

/** Apart from any certificate, so that a wrong list is not blamed on one. */
function checkCiphers(ciphers: string): void {
  try {
    createSecureContext({ ciphers });
  } catch (cause) {
    const problem = `expected a cipher list in OpenSSL's notation, found ${JSON.stringify(ciphers)}`;
    throw new CertificateError('refused', 'ciphers', problem, { cause });
  }
}

function refused(where: string, cause: unknown): CertificateError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new CertificateError('refused', where, `OpenSSL refuses to serve with it: ${reason}`, { cause });
}

function factsOf({ leaf, names, where }: CheckedPair): CertificateFacts {
  return {
    where,
    names,
    validFrom: new Date(leaf.validFrom),
    validTo: new Date(leaf.validTo),
    fingerprint: leaf.fingerprint256,
  };
}

const FORM = '{ certFile, keyFile } or { cert, key }';
const SOURCE: Shape = {
  certFile: isText,
  keyFile: isText,
  cert: isTextOrOctets,
  key: isTextOrOctets,
  names: isList,
};
const OPTIONS = {
  minVersion: oneOf('TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'),
  ciphers: isText,
  ticketKeys: (value) => (value instanceof Uint8Array && value.length === 48 ? null : '48 octets'),
  clientAuthorities: (value) => {
    if (typeof value === 'string' || value instanceof Uint8Array) return null;
    checkShape('Certificates.load: clientAuthorities', value, { file: isText });
    return null;
  },
} satisfies Record<keyof CertificatesOptions, Check>;
const WATCH = {
  intervalMs: isDeadline,
  settleMs: isMilliseconds,
  onReload: isFunction,
} satisfies Record<keyof WatchOptions, Check>;

/** @throws TypeError naming what came: plain JavaScript gets no help from the types. */
function checkSources(of: string, sources: unknown): void {
  if (!Array.isArray(sources))
    throw new TypeError(`${of}: expected a list of ${FORM}, got ${shown(sources)}`);
  for (const [index, source] of (sources as readonly unknown[]).entries()) {
    const where = `${of}: source ${index + 1}`;
    checkShape(where, source, SOURCE);
    // A value that is undefined, such as a variable that is not set, counts as absent.
    const has = Object.keys(onlyGiven(source as CertificateSource)).filter((name) => name !== 'names');
    if (/^(certFile,keyFile|cert,key)$/.test(has.sort().join())) continue;
    throw new TypeError(`${where}: expected ${FORM}, got ${has.join(', ') || 'neither'}`);
  }
}
