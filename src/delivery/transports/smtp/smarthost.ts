import { readFileSync } from 'node:fs';
import { Shared } from '../../../client/parts.js';
import { Pool } from './pool.js';
import type { Delivery, Shipment, Transport } from '../transport.js';
import type { SmtpEnvironment } from './environment.js';
import { SetupError } from './errors.js';
import { DEFAULT_SMTP_CLIENT, type SmtpClientLimits } from './limits.js';
import type { SessionOptions } from './options.js';
import { Session } from './session.js';
import { sendShipment } from './ship.js';
import type { SmarthostTarget } from './target.js';
import { formatHostPort } from './url.js';

/**
 * Opens a transport that delivers everything to one server, which delivers it further.
 *
 * @throws if the file of `ca` cannot be read
 */
export function openSmarthost(target: SmarthostTarget, environment: SmtpEnvironment): Transport {
  const { host, port, tls } = target;
  const name = `${tls === 'implicit' ? 'smtps' : 'smtp'}://${formatHostPort(host, port)}`;
  return openRelay(target, environment, { name, lmtp: false, path: null });
}

/** The protocol and the address of a relay. */
interface RelayAddress {
  /** Its name for the log and for operators. */
  readonly name: string;
  readonly lmtp: boolean;
  /** Path of a Unix socket, in place of host and port. */
  readonly path: string | null;
}

/**
 * Opens a transport that delivers everything to one server, by SMTP or LMTP.
 *
 * @throws if the file of `ca` cannot be read
 */
export function openRelay(
  target: SmarthostTarget,
  environment: SmtpEnvironment,
  address: RelayAddress,
): Transport {
  return new Smarthost(target, environment, address);
}

class Smarthost implements Transport {
  readonly name: string;
  readonly #destination: string;
  readonly #limits: SmtpClientLimits;
  readonly #session: SessionOptions;
  readonly #now: () => number;
  readonly #pool: Pool<Session>;

  constructor(
    target: SmarthostTarget,
    { hostname, limits, onCut, share = (limit) => limit, now = Date.now }: SmtpEnvironment,
    { name, lmtp, path }: RelayAddress,
  ) {
    const { host, port, tls, verify, ca, credentials } = target;
    this.name = name;
    this.#destination = path ?? host;
    this.#limits = { ...DEFAULT_SMTP_CLIENT, connections: target.connections, ...limits };
    this.#now = now;
    this.#session = {
      host,
      port,
      ...(path === null ? {} : { path, displayName: path }),
      hello: hostname,
      lmtp,
      tls,
      verify: verify && tls !== 'optional',
      ca: ca === null ? undefined : readFileSync(ca),
      credentials,
      limits: this.#limits,
      trusted: verify,
      shared: new Shared(),
      onCut,
    };
    this.#pool = new Pool(() => share(this.#limits.connections), this.#limits.idle);
  }

  destination(): string {
    return this.#destination;
  }

  send(shipment: Shipment, signal: AbortSignal): Promise<readonly Delivery[]> {
    const destination = {
      pool: () => this.#pool,
      open: (stop: AbortSignal) => this.#open(stop),
      hasMoreServers: false,
    };
    return sendShipment(destination, shipment, this.#now(), signal);
  }

  close(): Promise<void> {
    return this.#pool.close();
  }

  async #open(signal: AbortSignal): Promise<Session> {
    try {
      return await Session.open(this.#session, signal);
    } catch (error) {
      const { tls, credentials } = this.#session;
      // With credentials there is no retry without TLS: an attacker who breaks the handshake would get the password.
      const plain =
        tls === 'optional' && credentials === null && error instanceof SetupError && error.phase === 'tls';
      if (!plain) throw error;
      return Session.open({ ...this.#session, tls: 'off' }, signal);
    }
  }
}
