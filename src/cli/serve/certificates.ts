import type { Logger } from 'pino';
import type { Config } from '../../config/index.js';
import {
  CertificateError,
  Certificates,
  type CertificateSource,
  type ReloadResult,
} from '../../server/index.js';
import { CliError } from '../error.js';

/** The certificates that TLS uses, and where they came from. */
export interface LoadedCertificates {
  readonly certificates: Certificates;
  /** Set if no certificate was configured. */
  readonly selfSigned: {
    readonly certFile: string;
    readonly created: boolean;
    readonly fingerprint: string;
  } | null;
}

/** Loads the configured certificates, or else the self-signed one of the data folder. */
export async function loadCertificates(config: Config): Promise<LoadedCertificates> {
  const { tls } = config;
  const sources: CertificateSource[] = tls.certificates.map(({ cert, key, names }) => ({
    certFile: cert,
    keyFile: key,
    ...(names.length === 0 ? {} : { names }),
  }));
  let selfSigned: LoadedCertificates['selfSigned'] = null;
  if (tls.cert !== null && tls.key !== null) sources.unshift({ certFile: tls.cert, keyFile: tls.key });
  if (sources.length === 0) {
    const module = await import('./self-signed.js');
    const made = await module.selfSigned(config.data, config.hostname);
    sources.push({ certFile: made.certFile, keyFile: made.keyFile });
    selfSigned = made;
  }
  try {
    const certificates = Certificates.load(sources, {
      minVersion: tls.minVersion,
      ...(tls.ciphers === null ? {} : { ciphers: tls.ciphers }),
      ...(tls.clientCa === null ? {} : { clientAuthorities: { file: tls.clientCa } }),
    });
    return { certificates, selfSigned };
  } catch (error) {
    if (!(error instanceof CertificateError)) throw error;
    throw new CliError(
      `${error.message}; see tls.cert, tls.key and tls.client_ca (--tls-cert, --tls-key, --tls-client-ca)`,
      {
        cause: error,
      },
    );
  }
}

/** Reloads the certificates on SIGHUP and when their files change. Returns a function that ends that. */
export function followCertificates({ certificates }: LoadedCertificates, log: Logger): () => void {
  const tell = (result: ReloadResult): void => {
    if (!result.ok) log.error({ err: result.error }, 'certificates not reloaded, the old ones stay in use');
    else if (result.changed)
      log.info(
        { certificates: certificates.facts.map(({ where, validTo }) => ({ where, validTo })) },
        'certificates reloaded',
      );
    else log.info('certificates are unchanged');
  };
  for (const warning of certificates.warnings) log.warn({ certificate: warning }, 'certificate');
  certificates.watch({ onReload: tell });
  const reload = (): void => {
    certificates.reload().then(tell, (error: unknown) => {
      log.error({ err: error }, 'certificates not reloaded');
    });
  };
  process.on('SIGHUP', reload);
  return () => {
    process.off('SIGHUP', reload);
    certificates.close();
  };
}
