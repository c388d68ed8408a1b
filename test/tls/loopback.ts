import { once } from 'node:events';
import { createServer, type AddressInfo, type Server as NetServer, type Socket } from 'node:net';
import * as tls from 'node:tls';
import { issueCertificate, type IssuedCertificate } from '../../src/cli/serve/issue-certificate.js';
import type { Certificates } from '../../src/server/tls/certificates.js';

const DAY_MS = 86_400_000;

/** A self-signed certificate for `names`, valid from `fromDays` to `toDays` from now. */
export function pairFor(names: readonly string[], fromDays = -1, toDays = 30): Promise<IssuedCertificate> {
  return issueCertificate({
    commonName: names[0] ?? 'nobody',
    names,
    use: 'server',
    validFrom: new Date(Date.now() + fromDays * DAY_MS),
    validTo: new Date(Date.now() + toDays * DAY_MS),
  });
}

/**
 * The way the server uses certificates: raw sockets of a plain listener, handed to one tls.Server that
 * does not listen. Echoes what it gets.
 */
export class Loopback {
  readonly #net: NetServer;
  readonly #sockets = new Set<Socket>();

  private constructor(certificates: Certificates) {
    const secure = tls.createServer(certificates.serverOptions(), (socket) => {
      socket.on('error', () => undefined);
      socket.pipe(socket);
    });
    secure.on('tlsClientError', () => undefined);
    certificates.follow(secure);
    this.#net = createServer((socket) => {
      this.#sockets.add(socket);
      secure.emit('connection', socket);
    });
  }

  static async open(certificates: Certificates): Promise<Loopback> {
    const loopback = new Loopback(certificates);
    loopback.#net.listen(0, '127.0.0.1');
    await once(loopback.#net, 'listening');
    return loopback;
  }

  /** A client's connection after its handshake. It trusts anyone: what it got is what the test looks at. */
  async connect(options: tls.ConnectionOptions = {}): Promise<tls.TLSSocket> {
    const { port } = this.#net.address() as AddressInfo;
    const socket = tls.connect({ host: '127.0.0.1', port, rejectUnauthorized: false, ...options });
    await once(socket, 'secureConnect');
    socket.on('error', () => undefined);
    this.#sockets.add(socket);
    return socket;
  }

  /** The host names of the certificate that a client gets who asks for `servername` (or for none). */
  async namesFor(servername?: string): Promise<string> {
    const socket = await this.connect(servername === undefined ? {} : { servername });
    const names = socket.getPeerCertificate().subjectaltname ?? '';
    socket.destroy();
    return names.replaceAll('DNS:', '');
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#net.close();
    await once(this.#net, 'close');
  }
}

/** Sends `text` and waits until all of it came back. */
export async function echo(socket: tls.TLSSocket, text: string): Promise<string> {
  let received = '';
  const whole = new Promise<void>((resolve, reject) => {
    socket.on('data', (octets: Buffer) => {
      received += octets.toString();
      if (received.length >= text.length) resolve();
    });
    socket.once('close', () => reject(new Error(`closed after "${received}"`)));
  });
  socket.write(text);
  await whole;
  socket.removeAllListeners('data');
  return received;
}

/** Waits until `look` says yes; throws, naming `what`, if it has not within ten seconds. */
export async function until(what: string, look: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!(await look())) {
    if (Date.now() > deadline) throw new Error(`waited in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
