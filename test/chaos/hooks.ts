/** The endpoint of all tenants' webhooks. It fails now and then. */
import http from 'node:http';
import type { AddressInfo } from 'node:net';

/** A call that was answered with 200. */
export interface Reported {
  /** The number of the event, which is the same each time that it is reported. */
  readonly event: number;
  readonly name: string;
  readonly message: string;
  readonly recipients: readonly string[];
}

interface Body {
  readonly event: string;
  readonly payload: {
    readonly id: number;
    readonly recipients: readonly { readonly address: string }[];
  };
}

export class Hooks {
  readonly reported: Reported[] = [];
  failures = 0;
  /** How many of a thousand calls fail. */
  flaky = 0;

  private constructor(private readonly server: http.Server) {}

  static async open(): Promise<Hooks> {
    const server = http.createServer((request, response) => {
      const pieces: Buffer[] = [];
      request.on('data', (piece: Buffer) => pieces.push(piece));
      request.on('end', () => {
        response.writeHead(hooks.#take(request, Buffer.concat(pieces)) ? 200 : 503).end();
      });
    });
    const hooks: Hooks = new Hooks(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return hooks;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/events`;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  #take({ headers }: http.IncomingMessage, octets: Buffer): boolean {
    if (Math.random() * 1000 < this.flaky) {
      this.failures++;
      return false;
    }
    const { event, payload } = JSON.parse(octets.toString()) as Body;
    this.reported.push({
      event: Number(headers['webhook-id']),
      name: event.replace('email.', ''),
      message: String(payload.id),
      recipients: payload.recipients.map(({ address }) => address),
    });
    return true;
  }
}
