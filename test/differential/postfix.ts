import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Dialogue } from './dialogues.js';

/** Where Debian has it. */
const SMTPD = '/usr/lib/postfix/sbin/smtpd';
const SENDMAIL = '/usr/sbin/sendmail';

/** Longest wait for one reply. */
const PATIENCE = 15_000;

// Recipients are not looked up, nothing waits after an error, and no delivery is ever started: in the
// stand-alone mode a message goes to the maildrop folder, which goes with the rest.
const MAIN = (folder: string): string => `
compatibility_level = 3.6
queue_directory = ${folder}/queue
data_directory = ${folder}/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
myhostname = mx.example
mydestination =
inet_interfaces = loopback-only
alias_maps =
local_recipient_maps =
smtpd_error_sleep_time = 0
smtpd_hard_error_limit = 20
smtpd_delay_reject = no
smtpd_helo_required = yes
strict_smtputf8 = yes
strict_rfc821_envelopes = no
`;

/** A private Postfix: its smtpd runs stand-alone (`sendmail -bs`), one process a dialogue, with no port. */
export class Postfix {
  private constructor(readonly folder: string) {}

  /** One that runs, or why there is none. */
  static async begin(): Promise<Postfix | string> {
    if (!existsSync(SMTPD) || !existsSync(SENDMAIL)) return `no ${SMTPD}: install Debian's postfix`;
    if (process.getuid?.() !== 0) return 'a private Postfix needs root, to own its queue';
    const postfix = new Postfix(mkdtempSync(join(tmpdir(), 'postern-postfix-')));
    const { folder } = postfix;
    for (const name of ['etc', 'queue', 'data']) mkdirSync(join(folder, name));
    writeFileSync(join(folder, 'etc/main.cf'), MAIN(folder));
    writeFileSync(join(folder, 'etc/master.cf'), '');
    // Makes the queue's folders, with their owners.
    const made = spawnSync('postfix', ['-c', join(folder, 'etc'), 'check'], { timeout: PATIENCE });
    const codes = made.status === 0 ? await postfix.codes({ name: 'NOOP', turns: [] }).catch(String) : [];
    if (Array.isArray(codes) && codes[0] === 220) return postfix;
    postfix.end();
    return `it does not run here: ${String(made.stderr)} ${String(codes)}`;
  }

  end(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** The codes of all replies, the greeting first. */
  async codes({ turns }: Dialogue): Promise<number[]> {
    const smtpd = new Smtpd(join(this.folder, 'etc'));
    try {
      const codes = await smtpd.replies(1);
      for (const { octets, replies } of turns) {
        smtpd.write(octets);
        codes.push(...(await smtpd.replies(replies)));
      }
      return codes;
    } finally {
      smtpd.end();
    }
  }
}

/** One process, one session. */
class Smtpd {
  readonly #child;
  #text = '';
  #taken = 0;
  #over = false;
  #wake = (): void => undefined;

  constructor(config: string) {
    this.#child = spawn(SENDMAIL, ['-bs'], {
      env: { ...process.env, MAIL_CONFIG: config },
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    this.#child.stdin.on('error', () => undefined);
    this.#child.stdout.on('data', (octets: Buffer) => {
      this.#text += octets.toString('latin1');
      this.#wake();
    });
    this.#child.on('close', () => {
      this.#over = true;
      this.#wake();
    });
  }

  write(octets: string): void {
    this.#child.stdin.write(Buffer.from(octets, 'latin1'));
  }

  end(): void {
    this.#child.stdin.end();
    this.#child.kill();
  }

  /** Codes of the next replies; fewer where the session ends before. */
  async replies(count: number): Promise<number[]> {
    const deadline = Date.now() + PATIENCE;
    for (;;) {
      const codes = Array.from(this.#text.matchAll(/^(\d{3}) .*\r\n/gm), ([, code]) => Number(code));
      const next = codes.slice(this.#taken, this.#taken + count);
      if (next.length === count || this.#over) {
        this.#taken += next.length;
        return next;
      }
      if (Date.now() > deadline) throw new Error(`no reply; so far: ${this.#text}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 500);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }
}
