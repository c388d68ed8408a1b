import { createSecureContext, type SecureContext, type Server, type TlsOptions } from 'node:tls';
import { domainToASCII } from 'node:url';
import type { TlsSource } from '../server/index.js';
import { defaultCertificate } from './default-certificate.js';
import type { SMTPServerOptions } from './options.js';

/** Certificates and names from the options of an {@link SMTPServerOptions}, which may change while the server runs. */
export class OptionsTlsSource implements TlsSource {
  readonly knowsClients = true;
  /** The contexts of names, and of `default` for all others. */
  readonly contexts = new Map<string, SecureContext>();
  readonly #followers = new Set<Server>();

  /** @throws Error of OpenSSL if a certificate or a key cannot be used. */
  constructor(private readonly options: SMTPServerOptions) {
    this.update();
  }

  /** Makes the contexts anew: the options have changed. */
  update(): void {
    const { sniOptions = {} } = this.options;
    const named = sniOptions instanceof Map ? [...sniOptions] : Object.entries(sniOptions);
    const contexts = new Map<string, SecureContext>([['default', createSecureContext(this.#tlsOptions())]]);
    for (const [name, options] of named) {
      contexts.set(
        canonicalName(name),
        createSecureContext(withCertificate({ ...this.options, ...options })),
      );
    }
    this.contexts.clear();
    for (const [name, context] of contexts) this.contexts.set(name, context);
    for (const server of this.#followers) server.setSecureContext(this.#tlsOptions());
  }

  serverOptions(): TlsOptions {
    return { ...this.#tlsOptions(), SNICallback: (name, done) => this.#resolve(name, done) };
  }

  follow(server: Server): () => void {
    this.#followers.add(server);
    return () => void this.#followers.delete(server);
  }

  #tlsOptions(): TlsOptions {
    return withCertificate(this.options);
  }

  #resolve(name: string, done: (error: Error | null, context?: SecureContext) => void): void {
    const own = this.contexts.get(canonicalName(name)) ?? this.contexts.get('default');
    const { SNICallback } = this.options;
    if (SNICallback === undefined) done(null, own);
    else SNICallback(name, (error, context) => done(error, context ?? own));
  }
}

function hasCertificate({ cert, key, pfx }: TlsOptions): boolean {
  return pfx !== undefined || (cert !== undefined && key !== undefined);
}

function withCertificate(options: TlsOptions): TlsOptions {
  return { ...options, ...(hasCertificate(options) ? {} : defaultCertificate()) };
}

/** Names are compared in lower case, those beyond ASCII in their ASCII form. */
function canonicalName(name: string): string {
  const ascii = domainToASCII(name);
  return ascii === '' ? name.toLowerCase() : ascii;
}
