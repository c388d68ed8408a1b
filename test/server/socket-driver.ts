import type { Link, Reply, SaslMechanism } from '../../src/protocol/index.js';
import { userOf } from '../protocol/session-harness.js';
import { type ListenOptions, Refusal } from '../../src/server/index.js';
import type { Cut } from '../vectors/cuts.js';
import { type Driver, type Outcome, parseReplies } from '../vectors/drive.js';
import type { Vector } from '../vectors/format.js';
import { settingOf } from '../vectors/options.js';
import { localhostCertificates, type Running, serve, until, type ServeOptions } from './harness.js';
import { Talk } from './talk.js';

/** Runs vectors against a server over loopback, TCP or TLS. */
export const socketDriver: Driver = {
  async drive(vector, cut, link) {
    const stored: string[] = [];
    const { port, closed, server } = await serveFor(vector, link, stored);
    const talk = await Talk.open(port, { tls: link === 'tls' });
    const replies: string[] = [];
    await talk.reply();
    for (const [index, { octets }] of vector.segments.entries()) {
      if (index > 0) {
        // The handshake begins when STARTTLS was agreed to.
        while (replies.at(-1)?.startsWith('220 ') !== true) replies.push(await talk.reply());
        await talk.secure();
      }
      await send(talk, cut, octets);
    }
    if (vector.ending === 'vanish') {
      while (replies.length < vector.replies.length) replies.push(await talk.reply());
      talk.socket.destroy();
    } else {
      if (vector.ending === 'inStep') talk.write('NOOP\r\n');
      // Where the server closes, it closes by itself.
      if (vector.ending !== 'close') talk.finish();
      replies.push(...split(await talk.rest()));
      talk.socket.destroy();
    }
    await until('the connection is over', () => closed.length > 0);
    await server.close(0);
    return outcomeOf(vector, replies, stored);
  },
};

function outcomeOf({ ending }: Vector, replies: string[], stored: string[]): Outcome {
  return { replies, stored, closed: ending !== 'inStep', events: null };
}

async function send(talk: Talk, cut: Cut, octets: string): Promise<void> {
  for (const piece of cut.apply(octets)) {
    talk.write(piece);
    // The server, in this same process, reads between two writes.
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function split(octets: string): string[] {
  return (
    octets
      .match(/(?:\d{3}-[^\r\n]*\r\n)*\d{3} [^\r\n]*\r\n/g)
      ?.map((reply) => reply.slice(0, -2).replaceAll('\r\n', '\n')) ?? []
  );
}

type Options = ServeOptions<string, SaslMechanism>;

async function serveFor(vector: Vector, link: Link, stored: string[]): Promise<Running<string>> {
  const { profile } = settingOf(vector);
  const { limits, bareNewlines, spaceBeforePath, syntax, extensions, tlsRequired, authRequired, starttls } =
    profile;
  const options: Options = {
    ...handlerFor(vector, stored),
    ...(limits === undefined ? {} : { limits }),
    ...(bareNewlines === undefined ? {} : { bareNewlines }),
    ...(spaceBeforePath === undefined ? {} : { spaceBeforePath }),
    ...(syntax === undefined ? {} : { syntax }),
    ...(extensions === undefined ? {} : { extensions }),
    certificates: await localhostCertificates(),
    admission: { authDelay: 0, authFailures: 100 },
    timeouts: { linger: 5_000 },
  };
  const { mechanisms } = profile;
  if (mechanisms?.length === 0) delete options.onAuth;
  else if (mechanisms !== undefined) Object.assign(options, { mechanisms });
  const tls = link === 'tls' ? 'implicit' : starttls === false ? 'off' : 'starttls';
  const listen: Partial<ListenOptions> = {
    tls,
    lmtp: profile.protocol === 'lmtp',
    tlsRequired: tls !== 'off' && tlsRequired === true,
    authRequired: authRequired === true,
  };
  return serve(options, listen);
}

/** Decides as the vector says, and keeps what was accepted. */
function handlerFor({ verdicts }: Vector, stored: string[]): Options {
  const scripts = new Map(Array.from(verdicts, ([question, list]) => [question, [...list]]));
  const script = (question: string): Reply[] => {
    const text = scripts.get(question)?.shift();
    return typeof text === 'string' ? parseReplies(text) : [];
  };
  const verdict = (question: string): Reply | undefined => script(question)[0];
  return {
    onConnect: () => verdict('connect'),
    onHello: () => verdict('hello'),
    // A token may come without a user, and no text at all is no principal.
    onAuth: (_, credentials) => verdict('auth') ?? (userOf(credentials) || 'of a token'),
    onMail: () => verdict('mail'),
    onRcpt: () => verdict('rcpt'),
    onContent: () => {
      const refusal = verdict('data');
      if (refusal !== undefined) throw new Refusal(refusal);
      let content = '';
      return {
        write: (octets) => void (content += Buffer.from(octets).toString('latin1')),
        end: () => {
          const replies = script('end');
          if (replies.length === 0 || replies.some(({ positive }) => positive)) stored.push(content);
          return replies.length > 1 ? replies : replies[0];
        },
        abort: () => undefined,
      };
    },
  };
}
