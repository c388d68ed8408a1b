import { isName } from '../base/check-shape.js';
import type { AnyCredentials, SaslMechanism } from '../protocol/index.js';
import {
  type AcceptOptions,
  createServer,
  type ReverseLookup,
  type Server,
  type ServerOptions,
} from '../server/index.js';
import { type AnyOptions, COMMAND_LENGTH, RECIPIENTS, SOCKET_TIMEOUT, unlessEmpty } from './defaults.js';
import type { Authenticated, CallbackHandler } from './handler.js';
import { networksOf } from './relays.js';
import { mechanismsOf } from './sasl.js';
import type { OptionsTlsSource } from './tls.js';
import type { SMTPServerResolver } from './types.js';

type EngineServerOptions = ServerOptions<Authenticated, SaslMechanism<AnyCredentials>, object, true>;

/** Makes a server of Postern as the options of smtp-server want it. */
export function engineOf(
  options: AnyOptions,
  handler: CallbackHandler,
  certificates: OptionsTlsSource,
): Server<Authenticated> {
  return createServer<Authenticated, SaslMechanism<AnyCredentials>, object, true>(
    handler,
    serverOptions(options, handler, certificates),
  );
}

function serverOptions(
  options: AnyOptions,
  handler: CallbackHandler,
  certificates: OptionsTlsSource,
): EngineServerOptions {
  const { name, banner, postern = {} } = options;
  const maxClients = unlessEmpty(options.maxClients);
  const { mechanisms = [], limits, admission, timeouts, ...own } = postern;
  const timeout = unlessEmpty(options.socketTimeout) ?? SOCKET_TIMEOUT;
  const commandLine = unlessEmpty(options.maxCommandLength) ?? COMMAND_LENGTH;
  return {
    // A greeting begins with a host name (RFC 5321 4.2).
    hostname: isName(name) === null ? name : name.replace(/[^\w.-]+/g, '-'),
    banner: banner ?? '',
    certificates,
    mechanisms: [...mechanismsOf(options.authMethods, name), ...mechanisms],
    // Whether AUTH needs TLS, and whether MAIL needs AUTH, may change with the session.
    allowInsecureAuth: true,
    authOptional: true,
    unknownParameters: 'accept',
    syntax: options.lenientAddressParsing === true ? 'lenient' : 'tolerant',
    reword: (reply, context) => handler.reword(reply, context),
    reverseLookup: options.disableReverseLookup === true ? false : lookUpBy(options.resolver),
    extensions: {
      dsn: options.hideDSN === false,
      // Taken over TLS, even if it is not announced.
      requireTls: true,
      chunking: false,
    },
    ...own,
    limits: {
      commandLine,
      authLine: Math.max(commandLine, 12_288),
      // The client is disconnected as soon as its line is too long.
      swallowedLine: commandLine,
      // `onData` decides on the size; on the rest, the adapter.
      messageSize: Number.MAX_SAFE_INTEGER,
      recipients: 10 * (unlessEmpty(options.maxRecipients) ?? RECIPIENTS),
      errors: Infinity,
      ...limits,
    },
    admission: {
      ...(maxClients === undefined ? {} : { connections: maxClients }),
      connectionsPerAddress: Infinity,
      ...admission,
    },
    timeouts: { command: timeout, dataBlock: timeout, handshake: timeout, write: timeout, ...timeouts },
  };
}

/** How the server receives its clients. On a Unix socket there is no TLS. */
export function acceptOptions(options: AnyOptions, unix: boolean): AcceptOptions {
  const secured = options.secure === true && options.secured === true;
  const tls = unix || secured ? 'off' : options.secure === true ? 'implicit' : 'starttls';
  const proxies = networksOf(options.useProxy);
  const asksClients = tls !== 'off' && options.requestCert === true;
  return {
    tls,
    authRequired: false,
    lmtp: options.lmtp === true,
    ...(proxies.length === 0 ? {} : { proxies, proxyRefusal: '* BAD Invalid PROXY header\r\n' }),
    relays: [...networksOf(options.useXClient), ...networksOf(options.useXForward)],
    // Whether a certificate is required is decided after the handshake, with a reply.
    ...(asksClients ? { clientCertificates: 'optional' } : {}),
  };
}

function lookUpBy(resolver: SMTPServerResolver | undefined): true | ReverseLookup {
  if (resolver === undefined) return true;
  return (address) =>
    new Promise((resolve, reject) => {
      resolver.reverse(address, (error, names) => {
        if (error === null) resolve(names?.[0] ?? null);
        else reject(error);
      });
    });
}
