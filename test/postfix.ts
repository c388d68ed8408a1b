import { type ChildProcessByStdio, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';

/** Where Debian has it. */
const SMTPD = '/usr/lib/postfix/sbin/smtpd';
const SENDMAIL = '/usr/sbin/sendmail';

// Recipients are not looked up, nothing waits after an error, and no delivery is ever started: in the
// stand-alone mode a message goes to the maildrop folder, which goes with the rest.
const MAIN = (folder: string): string => `
compatibility_level = 3.6
queue_directory = ${folder}/queue
data_directory = ${folder}/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
mydestination =
inet_interfaces = loopback-only
alias_maps =
local_recipient_maps =
smtpd_error_sleep_time = 0
smtpd_delay_reject = no
`;

/** A Postfix of its own, without daemons and ports: its smtpd runs stand-alone, one process a session. */
export class Postfix {
  private constructor(private readonly folder: string) {}

  /** Starts a Postfix with these further lines in its `main.cf`, or returns the reason why that is not possible. */
  static begin(settings: string): Postfix | string {
    if (!existsSync(SMTPD) || !existsSync(SENDMAIL)) return `no ${SMTPD}: install Debian's postfix`;
    if (process.getuid?.() !== 0) return 'a private Postfix needs root, to own its queue';
    const folder = mkdtempSync(join(tmpdir(), 'postern-postfix-'));
    const postfix = new Postfix(folder);
    for (const name of ['etc', 'queue', 'data']) mkdirSync(join(folder, name));
    writeFileSync(join(folder, 'etc/main.cf'), MAIN(folder) + settings);
    writeFileSync(join(folder, 'etc/master.cf'), '');
    // Makes the queue's folders, with their owners.
    const made = spawnSync('postfix', ['-c', postfix.#etc, 'check'], { timeout: 15_000 });
    if (made.status === 0) return postfix;
    postfix.end();
    return `it does not run here: ${String(made.stderr)}`;
  }

  get #etc(): string {
    return join(this.folder, 'etc');
  }

  /** A session, on the standard input and output of its process. */
  session(): ChildProcessByStdio<Writable, Readable, null> {
    const smtpd = spawn(SENDMAIL, ['-bs', '-C', this.#etc], { stdio: ['pipe', 'pipe', 'ignore'] });
    smtpd.stdin.on('error', () => undefined);
    return smtpd;
  }

  /** What it has taken, as its own tool shows it: envelope and content. */
  taken(): string {
    const queue = join(this.folder, 'queue/maildrop');
    const files = spawnSync('find', [queue, '-type', 'f'], { encoding: 'latin1' })
      .stdout.split('\n')
      .filter(Boolean);
    return spawnSync('postcat', ['-c', this.#etc, ...files], { encoding: 'latin1' }).stdout;
  }

  end(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
