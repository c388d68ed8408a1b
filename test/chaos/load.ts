/** Tenants that send through any node, and note what was acknowledged, refused, or never answered. */
import { randomBytes } from 'node:crypto';
import { sha256 } from '../e2e/gateway-process.js';
import { Talk } from '../server/talk.js';

/** A domain that sends. */
export interface Tenant {
  readonly domain: string;
  readonly token: string;
}

export interface Offered {
  /** Stands in its subject, and in its Message-ID. */
  readonly key: string;
  readonly bodyHash: string;
  readonly sender: string;
  readonly recipients: readonly string[];
  /** When its content was sent and when it was answered, on the monotonic clock, in milliseconds. */
  readonly sentAt: number;
  answeredAt: number;
  /** `unknown`: the connection was lost before an answer to the content. */
  outcome: 'accepted' | 'refused' | 'unknown';
  /** The number that came with the 250. */
  id: string | null;
}

/** Sizes of bodies in octets: most are short, some have several chunks of the store. */
const SIZES = [40, 40, 40, 3_000, 3_000, 3_000, 3_000, 3_000, 20_000, 20_000, 20_000, 200_000];
/** Octets of all bodies after which they are short. The device of the database must not be full but by the fault. */
const MOST_OCTETS = 250_000_000;
/** How long a sender waits between two messages, unless a tenant says otherwise, and before it tries again, in milliseconds. */
const BETWEEN_MS = 40;

export interface Load {
  readonly offered: Offered[];
  readonly accepted: () => number;
  /** How often each negative reply came, by its codes. */
  readonly refusals: ReadonlyMap<string, number>;
  end(): Promise<void>;
}

/**
 * @param ports of the nodes that run, at the time of the call
 * @param tenants one sender each
 * @param recipients of the next message
 * @param between how long a sender waits between two messages, in milliseconds
 */
export function startLoad(
  ports: () => readonly number[],
  tenants: readonly Tenant[],
  recipients: () => readonly string[] = () => ['you@example.net'],
  between = BETWEEN_MS,
): Load {
  const offered: Offered[] = [];
  const refusals = new Map<string, number>();
  let going = true;
  let accepted = 0;
  let octets = 0;
  const observer: Observer = {
    between,
    going: () => going,
    size: () => {
      const size = octets < MOST_OCTETS ? SIZES[Math.floor(Math.random() * SIZES.length)] : SIZES[0];
      octets += size ?? 0;
      return size ?? 0;
    },
    accepted: () => {
      accepted++;
    },
    refused: (reply) => {
      const [codes = reply] = /^\d{3} (?:\d\.\d+\.\d+)?/.exec(reply) ?? [];
      refusals.set(codes, (refusals.get(codes) ?? 0) + 1);
    },
  };
  const sender = async (tenant: Tenant): Promise<void> => {
    const session = new Session(tenant, recipients, offered, observer);
    while (going) {
      const choices = ports();
      const port = choices[Math.floor(Math.random() * choices.length)];
      if (port === undefined) await pause(BETWEEN_MS);
      else await session.run(port).catch(() => pause(BETWEEN_MS));
    }
  };
  const senders = tenants.map(sender);
  return {
    offered,
    accepted: () => accepted,
    refusals,
    end: async () => {
      going = false;
      await Promise.all(senders);
    },
  };
}

interface Observer {
  /** Milliseconds between two messages. */
  readonly between: number;
  readonly going: () => boolean;
  /** Returns the octets of the next body. */
  readonly size: () => number;
  readonly accepted: () => void;
  readonly refused: (reply: string) => void;
}

class Session {
  constructor(
    private readonly tenant: Tenant,
    private readonly recipients: () => readonly string[],
    private readonly offered: Offered[],
    private readonly observer: Observer,
  ) {}

  /** Sends up to twenty messages on one connection. */
  async run(port: number): Promise<void> {
    const talk = await Talk.greeted(port);
    try {
      const reply = await talk.signIn(this.tenant.token);
      if (!reply.startsWith('235')) {
        this.observer.refused(reply);
        await pause(BETWEEN_MS);
        return;
      }
      for (let n = 0; n < 20 && this.observer.going(); n++) {
        await this.#send(talk);
        await pause(this.observer.between);
      }
    } finally {
      talk.socket.destroy();
    }
  }

  async #send(talk: Talk): Promise<void> {
    const sender = `app@${this.tenant.domain}`;
    const recipients = this.recipients();
    const body = randomBody(this.observer.size());
    const envelope = [`MAIL FROM:<${sender}>`, ...recipients.map((to) => `RCPT TO:<${to}>`), 'DATA'];
    talk.write(envelope.map((line) => `${line}\r\n`).join(''));
    const replies = await talk.replies(envelope.length);
    if (replies.at(-1)?.startsWith('354') !== true) {
      for (const reply of replies) if (/^[45]/.test(reply)) this.observer.refused(reply);
      await pause(BETWEEN_MS);
      talk.write('RSET\r\n');
      await talk.reply();
      return;
    }
    const key = randomBytes(12).toString('hex');
    const message: Offered = {
      ...{ key, sender, bodyHash: sha256(body) },
      // A recipient that the server put off is not one of the message.
      recipients: recipients.filter((_, at) => replies[at + 1]?.startsWith('250')),
      ...{ outcome: 'unknown', id: null, sentAt: performance.now(), answeredAt: Infinity },
    };
    this.offered.push(message);
    const header = `From: ${sender}\r\nSubject: ${key}\r\nMessage-ID: <${key}@${this.tenant.domain}>\r\n`;
    talk.write(`${header}\r\n${body}.\r\n`);
    const reply = await talk.reply();
    message.answeredAt = performance.now();
    const [, id = null] = /^250 2\.0\.0 Ok: queued as (\d+)$/.exec(reply) ?? [];
    message.id = id;
    if (id !== null) {
      message.outcome = 'accepted';
      this.observer.accepted();
    } else if (/^[45]/.test(reply)) {
      message.outcome = 'refused';
      this.observer.refused(reply);
    }
  }
}

export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** Random lines, no two bodies alike. */
function randomBody(size: number): string {
  return randomBytes(Math.ceil(size / 2))
    .toString('hex')
    .replace(/.{1,76}/g, '$&\r\n');
}
