import { afterEach, expect, onTestFinished } from 'vitest';
import {
  Certificates,
  createServer,
  type CredentialsOf,
  type Handler,
  type ListenOptions,
  type Server,
  type ServerOptions,
} from '../../src/server/index.js';
import type { PasswordCredentials, SaslMechanism } from '../../src/protocol/index.js';
import { testCertificates } from '../certs.js';

/** Uncaught errors and warnings of this process. A server must cause neither. */
const trouble: unknown[] = [];
const note = (what: unknown): void => void trouble.push(what);
process.on('unhandledRejection', note);
process.on('uncaughtExceptionMonitor', note);
process.on('warning', note);

/** Fails each test of the file in which the process caught what the server should have. */
export function expectNoTrouble(): void {
  afterEach(async () => {
    // A rejection shows as unhandled a turn later.
    await new Promise((resolve) => setImmediate(resolve));
    expect(trouble.splice(0)).toEqual([]);
  });
}

/** What was warned of since the last look: for tests that cause it. */
export function takeTrouble(): unknown[] {
  return trouble.splice(0);
}

/** A server on a free port, and the calls that its handler got. */
export interface Running<Principal> {
  readonly server: Server<Principal>;
  readonly port: number;
  readonly errors: Error[];
  /** `COMMAND code` of everything refused. */
  readonly refused: string[];
  /** Why clients were given up before they were greeted. */
  readonly arrivals: string[];
  /** Why connections were over. */
  readonly closed: string[];
}

/** What a test says of a server: the handler's methods and the options, in one. AUTH may come without TLS, or not at all. */
export type ServeOptions<
  Principal = string,
  M extends SaslMechanism = SaslMechanism<PasswordCredentials>,
> = Handler<Principal, CredentialsOf<M>, object, true> & ServerOptions<Principal, M, object, true>;

/** Runs a server until the end of the test. Its client side is waited for only briefly. */
export async function serve<Principal = string, M extends SaslMechanism = SaslMechanism<PasswordCredentials>>(
  options: ServeOptions<Principal, M> = {},
  listen: Partial<ListenOptions> = {},
): Promise<Running<Principal>> {
  const recorded = {
    errors: [] as Error[],
    refused: [] as string[],
    arrivals: [] as string[],
    closed: [] as string[],
  };
  const [handler, rest] = parted<Principal, M>({
    onError: (_, error) => void recorded.errors.push(error),
    onRefused: (_, command, { code }) => void recorded.refused.push(`${command} ${code}`),
    onRefusedArrival: (_, { message }) => void recorded.arrivals.push(message),
    onClose: (_, reason) => void recorded.closed.push(reason),
    ...options,
  });
  const server = createServer<Principal, M, object, true>(handler, {
    hostname: 'mx.example',
    ...(handler.onAuth === undefined ? {} : { allowInsecureAuth: true, authOptional: true }),
    ...rest,
    timeouts: { linger: 40, ...options.timeouts },
  });
  onTestFinished(() => server.close(0));
  const { port } = await server.listen({ port: 0, ...listen });
  return { server, port, ...recorded };
}

function parted<Principal, M extends SaslMechanism>(
  options: ServeOptions<Principal, M>,
): [Handler<Principal, CredentialsOf<M>, object, true>, ServerOptions<Principal, M, object, true>] {
  const of = (handler: boolean): object =>
    Object.fromEntries(Object.entries(options).filter(([name]) => /^on[A-Z]/.test(name) === handler));
  return [of(true), of(false)];
}

let certificates: Promise<Certificates> | undefined;

/** The development certificate for localhost. */
export function localhostCertificates(): Promise<Certificates> {
  return (certificates ??= testCertificates().then(({ cert, key }) =>
    Certificates.load([{ certFile: cert, keyFile: key }]),
  ));
}

/** A clock that stands still until a test moves it. Waiters look at it every ten milliseconds. */
export class StandingClock {
  #now = 1_000;

  readonly read = (): number => this.#now;

  pass(ms: number): void {
    this.#now += ms;
  }
}

/** Waits until `look` says yes; throws, naming `what`, if it does not in good time. */
export async function until(what: string, look: () => boolean): Promise<void> {
  const deadline = Date.now() + 15_000;
  while (!look()) {
    if (Date.now() > deadline) throw new Error(`waited in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
