import { z } from 'zod';
import { key, table } from './key.js';
import { choice, optionalPath, optionalText, path } from './kinds.js';

const certificate = z.object({
  cert: path({ about: 'PEM file: the certificate, then the chain.' }),
  key: path({ about: 'PEM file of its private key.' }),
  names: key(z.array(z.string().min(1)).prefault([]), {
    about: 'Server names it is for; if it is left out, those in the certificate.',
    initial: [],
    placeholder: 'NAME,...',
    allowed: 'a list of host names',
    form: 'list',
  }),
});

/** `[tls]`: certificates, and what clients may negotiate. */
export const tlsKeys = table(
  {
    cert: optionalPath({
      about:
        'PEM file: the certificate, then the chain. If it is left out, a self-signed one is made and kept in the data folder.',
    }),
    key: optionalPath({ about: 'PEM file of its private key.' }),
    minVersion: choice({
      about: 'Oldest version of TLS that is accepted.',
      source: 'RFC 8996 and RFC 8997 forbid older ones',
      words: ['TLSv1.2', 'TLSv1.3'],
      initial: 'TLSv1.2',
    }),
    ciphers: optionalText(
      {
        about:
          "Cipher suites in OpenSSL's notation. If it is left out, those with authenticated encryption and forward secrecy; for old clients add to them, such as DEFAULT.",
        placeholder: 'LIST',
        allowed: 'cipher suites joined by colons, such as ECDHE-RSA-AES128-GCM-SHA256:HIGH',
      },
      /^[A-Za-z0-9_:!+@=.-]+$/,
    ),
    clientCa: optionalPath({
      about: 'PEM file: the authorities that issue client certificates, for listeners with ?client_cert.',
    }),
    certificates: key(z.array(certificate).prefault([]), {
      about: 'Further certificates, chosen by the server name that a client asks for.',
      initial: [],
      placeholder: 'TABLES',
      allowed: 'tables [[tls.certificates]] with cert, key and names',
      form: 'tables',
    }),
  },
  ({ cert, key }) => {
    if ((cert === null) === (key === null)) return undefined;
    const [given, missing] = cert === null ? ['key', 'cert'] : ['cert', 'key'];
    return { path: [missing], message: `tls.${given} is set, so this one must be, too` };
  },
);
