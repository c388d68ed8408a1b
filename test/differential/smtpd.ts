import { Postfix } from '../postfix.js';
import { Watch } from '../watch.js';
import type { Dialogue } from './dialogues.js';

/** Longest wait for one reply. */
const TIMEOUT = 15_000;

const SETTINGS = `
myhostname = mx.example
smtpd_hard_error_limit = 20
smtpd_helo_required = yes
strict_smtputf8 = yes
strict_rfc821_envelopes = no
`;

/** Postfix's smtpd, which prints its replies to a dialogue. */
export class Smtpd {
  private constructor(private readonly postfix: Postfix) {}

  /** Starts one, or returns the reason why that is not possible. */
  static async begin(): Promise<Smtpd | string> {
    const postfix = Postfix.begin(SETTINGS);
    if (typeof postfix === 'string') return postfix;
    const smtpd = new Smtpd(postfix);
    const codes = await smtpd.codes({ name: 'NOOP', turns: [] }).catch(String);
    if (Array.isArray(codes) && codes[0] === 220) return smtpd;
    smtpd.end();
    return `it does not run here: ${String(codes)}`;
  }

  end(): void {
    this.postfix.end();
  }

  /** The codes of all replies, the greeting first. */
  async codes({ turns }: Dialogue): Promise<number[]> {
    const session = new Session(this.postfix);
    try {
      const codes = await session.replies(1);
      for (const { octets, replies } of turns) {
        session.write(octets);
        codes.push(...(await session.replies(replies)));
      }
      return codes;
    } finally {
      session.end();
    }
  }
}

class Session {
  readonly #smtpd;
  readonly #watch = new Watch();
  #text = '';
  #taken = 0;
  #over = false;

  constructor(postfix: Postfix) {
    this.#smtpd = postfix.session();
    this.#smtpd.stdout.on('data', (octets: Buffer) => {
      this.#text += octets.toString('latin1');
      this.#watch.came();
    });
    this.#smtpd.on('close', () => {
      this.#over = true;
      this.#watch.came();
    });
  }

  write(octets: string): void {
    this.#smtpd.stdin.write(Buffer.from(octets, 'latin1'));
  }

  end(): void {
    this.#smtpd.stdin.end();
    this.#smtpd.kill();
  }

  /** Codes of the next replies; fewer where the session ends before. */
  async replies(count: number): Promise<number[]> {
    const all = (): string[] => this.#text.match(/^\d{3} .*\r\n/gm) ?? [];
    const there = await this.#watch.until(() => this.#over || all().length >= this.#taken + count, TIMEOUT);
    if (!there) throw new Error(`no reply; so far: ${this.#text}`);
    const next = all().slice(this.#taken, this.#taken + count);
    this.#taken += next.length;
    return next.map((line) => Number(line.slice(0, 3)));
  }
}
