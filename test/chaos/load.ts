/** Tenants that send through any node, and note what was acknowledged, refused, or never answered. */
import { randomBytes } from 'node:crypto';
import { sha256 } from '../e2e/gateway-process.js';
import { Talk } from '../server/talk.js';

export interface Offered {
  /** Stands in its subject, and nowhere else. */
  readonly key: string;
  readonly bodyHash: string;
  /** `unknown`: the connection was lost before an answer to the content. */
  outcome: 'accepted' | 'refused' | 'unknown';
  /** The number that came with the 250. */
  id: string | null;
}

/** Sizes of bodies in octets: most are short, some have several chunks of the store. */
const SIZES = [40, 40, 3_000, 3_000, 20_000, 300_000];
const BETWEEN_MS = 20;

export interface Load {
  readonly offered: Offered[];
  readonly accepted: () => number;
  end(): Promise<void>;
}

/**
 * @param ports of the nodes that run, at the time of the call
 * @param tenants one sender each
 */
export function startLoad(ports: () => readonly number[], token: string, tenants: number): Load {
  const offered: Offered[] = [];
  let going = true;
  const sender = async (): Promise<void> => {
    while (going) {
      const choices = ports();
      const port = choices[Math.floor(Math.random() * choices.length)];
      if (port === undefined) await pause(BETWEEN_MS);
      else await session(port, token, offered, () => going).catch(() => pause(BETWEEN_MS));
    }
  };
  const senders = Array.from({ length: tenants }, sender);
  return {
    offered,
    accepted: () => offered.filter(({ outcome }) => outcome === 'accepted').length,
    end: async () => {
      going = false;
      await Promise.all(senders);
    },
  };
}

async function session(port: number, token: string, offered: Offered[], going: () => boolean): Promise<void> {
  const talk = await Talk.greeted(port);
  try {
    if (!(await talk.signIn(token)).startsWith('235')) return;
    for (let n = 0; n < 20 && going(); n++) {
      const body = randomBody(SIZES[Math.floor(Math.random() * SIZES.length)] ?? 0);
      const message: Offered = {
        key: randomBytes(12).toString('hex'),
        bodyHash: sha256(body),
        outcome: 'refused',
        id: null,
      };
      talk.write('MAIL FROM:<app@example.com>\r\nRCPT TO:<you@example.net>\r\nDATA\r\n');
      const replies = await talk.replies(3);
      if (!replies[2]?.startsWith('354')) {
        await pause(BETWEEN_MS);
        talk.write('RSET\r\n');
        await talk.reply();
        continue;
      }
      message.outcome = 'unknown';
      offered.push(message);
      talk.write(`From: app@example.com\r\nSubject: ${message.key}\r\n\r\n${body}.\r\n`);
      const reply = await talk.reply();
      const [, id = null] = /^250 2\.0\.0 Ok: queued as (\d+)$/.exec(reply) ?? [];
      message.id = id;
      if (id !== null) message.outcome = 'accepted';
      else if (/^[45]/.test(reply)) message.outcome = 'refused';
      await pause(BETWEEN_MS);
    }
  } finally {
    talk.socket.destroy();
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
