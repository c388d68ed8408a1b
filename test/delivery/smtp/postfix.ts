import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { Postfix } from '../../postfix.js';

const SETTINGS = `
myhostname = postfix.example
message_size_limit = 1000000
smtpd_recipient_limit = 1
`;

/** Debian's Postfix as a relay, on a port where each connection gets a smtpd process of its own. */
export class PostfixRelay {
  readonly port: number;

  private constructor(
    private readonly postfix: Postfix,
    private readonly server: Server,
  ) {
    this.port = (server.address() as AddressInfo).port;
  }

  /** Starts the relay. Returns the reason if it cannot run. */
  static async begin(): Promise<PostfixRelay | string> {
    const postfix = Postfix.begin(SETTINGS);
    if (typeof postfix === 'string') return postfix;
    const server = createServer((socket) => talk(socket, postfix));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new PostfixRelay(postfix, server);
  }

  /** Returns the messages that it accepted: envelope and content. */
  taken(): string {
    return this.postfix.taken();
  }

  end(): void {
    this.server.close();
    this.postfix.end();
  }
}

function talk(socket: Socket, postfix: Postfix): void {
  const smtpd = postfix.session();
  socket.pipe(smtpd.stdin);
  smtpd.stdout.pipe(socket);
  socket.on('error', () => smtpd.kill());
  socket.once('close', () => smtpd.kill());
}
