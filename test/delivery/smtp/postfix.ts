import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const SENDMAIL = '/usr/sbin/sendmail';
const SMTPD = '/usr/lib/postfix/sbin/smtpd';

const MAIN = (folder: string): string => `
compatibility_level = 3.6
queue_directory = ${folder}/queue
data_directory = ${folder}/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
myhostname = postfix.example
mydestination =
inet_interfaces = loopback-only
alias_maps =
local_recipient_maps =
message_size_limit = 1000000
smtpd_error_sleep_time = 0
smtpd_delay_reject = no
smtpd_recipient_limit = 1
`;

/** Debian's Postfix as a relay: a port, each connection to which is a smtpd of its own (`sendmail -bs`). */
export class PostfixRelay {
  readonly port: number;

  private constructor(
    private readonly folder: string,
    private readonly server: Server,
  ) {
    this.port = (server.address() as AddressInfo).port;
  }

  /** One that runs, or why there is none. */
  static async begin(): Promise<PostfixRelay | string> {
    if (!existsSync(SMTPD) || !existsSync(SENDMAIL)) return `no ${SMTPD}: install Debian's postfix`;
    if (process.getuid?.() !== 0) return 'a private Postfix needs root, to own its queue';
    const folder = mkdtempSync(join(tmpdir(), 'postern-relay-'));
    for (const name of ['etc', 'queue', 'data']) mkdirSync(join(folder, name));
    writeFileSync(join(folder, 'etc/main.cf'), MAIN(folder));
    writeFileSync(join(folder, 'etc/master.cf'), '');
    const made = spawnSync('postfix', ['-c', join(folder, 'etc'), 'check'], { timeout: 15_000 });
    if (made.status !== 0) {
      rmSync(folder, { recursive: true, force: true });
      return `it does not run here: ${String(made.stderr)}`;
    }
    const server = createServer((socket) => talk(socket, folder));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new PostfixRelay(folder, server);
  }

  /** What it has taken, as its own tool shows it: envelope and content. */
  taken(): string {
    const queue = join(this.folder, 'queue/maildrop');
    const files = spawnSync('find', [queue, '-type', 'f'], { encoding: 'latin1' })
      .stdout.split('\n')
      .filter(Boolean);
    return spawnSync('postcat', ['-c', join(this.folder, 'etc'), ...files], { encoding: 'latin1' }).stdout;
  }

  end(): void {
    this.server.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function talk(socket: Socket, folder: string): void {
  const smtpd = spawn(SENDMAIL, ['-bs', '-C', join(folder, 'etc')], { stdio: ['pipe', 'pipe', 'ignore'] });
  socket.pipe(smtpd.stdin);
  smtpd.stdout.pipe(socket);
  socket.on('error', () => smtpd.kill());
  smtpd.stdin.on('error', () => undefined);
  socket.once('close', () => smtpd.kill());
}
