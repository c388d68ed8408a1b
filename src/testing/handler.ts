import { setTimeout as sleep } from 'node:timers/promises';
import { type PasswordCredentials, Reply } from '../protocol/index.js';
import type { ContentSink, Handler, Session } from '../server/index.js';
import { MailMessage } from './message.js';
import type { MessageLog } from './message-log.js';
import type { Phase, Troubles } from './troubles.js';

/** The facts that the handler keeps for a connection. */
export interface ConnectionState {
  /** The user name of the last AUTH that was accepted. */
  user: string | null;
  /** True from the first accepted recipient until the transaction ends. */
  underWay: boolean;
}

export interface HandlerOptions {
  readonly users: Readonly<Record<string, string>> | null;
  /** Octets of all messages that are kept. */
  readonly capacity: number;
}

type MailSession = Session<string, ConnectionState>;
type MailHandler = Handler<string, PasswordCredentials, ConnectionState, boolean>;

/** Makes the handler that keeps every message in the log, unless a trouble was planned. */
export function mailHandler(log: MessageLog, troubles: Troubles, options: HandlerOptions): MailHandler {
  const end = ({ state }: MailSession): void => {
    if (state.underWay) log.end();
    state.underWay = false;
  };

  /** Waits as planned. Returns the planned reply, if there is one, or ends the connection. */
  const trouble = async (
    session: MailSession,
    phase: Phase,
    more: { sender?: string; recipient?: string; message?: MailMessage } = {},
  ): Promise<Reply | undefined> => {
    const { envelope, state, remoteAddress } = session;
    const recipients = (envelope?.recipients ?? []).map(({ forwardPath }) => forwardPath.address);
    const { delay, act } = troubles.at({
      phase,
      remoteAddress,
      user: state.user,
      sender: more.sender ?? (envelope === null ? null : (envelope.reversePath?.address ?? '')),
      recipients: more.recipient === undefined ? recipients : [...recipients, more.recipient],
      message: more.message ?? null,
    });
    if (delay > 0) await sleep(delay);
    if (act === 'drop') {
      session.disconnect();
      return new Reply(421, null, 'dropped by the test');
    }
    return act ?? undefined;
  };

  return {
    onConnect: (session) => trouble(session, 'connect'),
    onHello: (session) => trouble(session, 'hello'),
    async onCommand(session, { verb }) {
      return verb === 'STARTTLS' ? trouble(session, 'starttls') : undefined;
    },
    async onAuth(session, { authcid, password }) {
      const planned = await trouble(session, 'auth');
      if (planned !== undefined) return planned;
      const { users } = options;
      const user = authcid.expose();
      if (users !== null && !(Object.hasOwn(users, user) && users[user] === password.expose())) return null;
      session.state.user = user;
      return user;
    },
    onMail: (session, reversePath) => trouble(session, 'mail', { sender: reversePath?.address ?? '' }),
    async onRcpt(session, { address }) {
      const planned = await trouble(session, 'rcpt', { recipient: address });
      if (planned !== undefined || session.state.underWay) return planned;
      session.state.underWay = true;
      log.begin();
      return undefined;
    },
    async onContent(session) {
      return (await trouble(session, 'data')) ?? sink(session);
    },
    onReset: end,
    onClose: end,
    onRefused(_session, command, { code, enhanced, lines }) {
      log.refuse(
        `${command || 'the message'} got ${code} ${enhanced === null ? '' : `${enhanced} `}${lines.join(' ')}`,
      );
    },
  };

  function sink(session: MailSession): ContentSink {
    const pieces: Uint8Array[] = [];
    let octets = 0;
    return {
      write(piece) {
        octets += piece.length;
        if (log.octets + octets > options.capacity) pieces.length = 0;
        // Copied, since a piece may be a small view of a large buffer.
        else pieces.push(Uint8Array.from(piece));
      },
      async end() {
        const { envelope, state, tls } = session;
        const message = new MailMessage(
          {
            sender: envelope?.reversePath?.address ?? '',
            recipients: (envelope?.recipients ?? []).map(({ forwardPath }) => forwardPath.address),
            user: state.user,
            secure: tls !== null,
            receivedAt: new Date(),
          },
          Buffer.concat(pieces),
        );
        const planned = await trouble(session, 'message', { message });
        const full = log.octets + octets > options.capacity;
        if (planned === undefined && !full) log.add(message);
        end(session);
        if (planned !== undefined) return planned;
        return full
          ? new Reply(452, '4.3.1', 'The test server keeps no more messages: clear() it')
          : undefined;
      },
      abort: () => end(session),
    };
  }
}
