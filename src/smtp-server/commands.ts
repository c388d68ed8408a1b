import type { CommandLine, Reply } from '../protocol/index.js';
import { repeated } from './arguments.js';
import type { AdapterConnection } from './connection.js';
import { type AnyOptions, UNAUTHENTICATED_COMMANDS, UNRECOGNIZED_COMMANDS } from './defaults.js';
import { relayFault, takesFrom } from './relays.js';
import type { Replies } from './replies.js';

/** The commands that there are, BDAT aside: its octets would be taken for commands. */
const KNOWN: ReadonlySet<string> = new Set([
  ...['EHLO', 'HELO', 'LHLO', 'STARTTLS', 'AUTH', 'MAIL', 'RCPT', 'DATA', 'BDAT'],
  ...['RSET', 'NOOP', 'QUIT', 'VRFY', 'HELP', 'XCLIENT', 'XFORWARD'],
]);
const NEEDS_AUTH: ReadonlySet<string> = new Set(['MAIL', 'RCPT', 'DATA']);

/** Looks at commands before the server carries them out, for what smtp-server answers in another way. */
export class Commands {
  constructor(
    private readonly options: AnyOptions,
    private readonly replies: Replies,
  ) {}

  /** Returns the answer to a command, or undefined if the server is to carry it out. */
  answer(connection: AdapterConnection, { verb, argument }: CommandLine): Reply | undefined {
    const { replies, options } = this;
    const { openingCommand } = connection;
    if (!KNOWN.has(verb) || connection.isDisabled(verb))
      return this.#unrecognized(connection, verb, argument);
    if (this.#unauthenticated(connection, verb)) {
      return replies.of(421, 'Error: too many unauthenticated commands', '4.7.0');
    }
    switch (verb) {
      case 'EHLO':
      case 'HELO':
      case 'LHLO':
        return this.#hello(verb, argument);
      case 'XCLIENT':
      case 'XFORWARD':
        return this.#relay(connection, verb, argument);
      case 'VRFY':
        return argument === '' ? replies.of(501, 'Error: Syntax: VRFY address') : undefined;
      case 'STARTTLS':
        if (connection.secure) return replies.of(503, 'Error: TLS already active');
        return argument === '' ? undefined : replies.of(501, 'Error: syntax: STARTTLS');
      default:
        break;
    }
    if (openingCommand === false) return undefined;
    if (NEEDS_AUTH.has(verb) && connection.needsAuth) {
      return replies.of(530, options.authRequiredMessage ?? 'Error: authentication Required');
    }
    if (verb === 'AUTH') return this.#auth(connection, argument);
    return verb === 'MAIL' || verb === 'RCPT' ? this.#address(connection, verb, argument) : undefined;
  }

  #unrecognized(connection: AdapterConnection, verb: string, argument: string): Reply | undefined {
    // The first line of a request of HTTP, whose other lines are no commands.
    if (/^(?:GET|POST|HEAD|PUT)$/.test(verb) && argument.includes('HTTP/')) return undefined;
    if (++connection.unrecognized >= UNRECOGNIZED_COMMANDS) {
      return this.replies.of(421, 'Error: too many unrecognized commands', '4.7.0');
    }
    return this.replies.of(500, 'Error: command not recognized');
  }

  #unauthenticated(connection: AdapterConnection, verb: string): boolean {
    const { maxAllowedUnauthenticatedCommands: most = UNAUTHENTICATED_COMMANDS } = this.options;
    if (verb === 'AUTH' || most === false || !connection.needsAuth) return false;
    return ++connection.unauthenticated >= most;
  }

  #hello(verb: string, argument: string): Reply | undefined {
    const lmtp = this.options.lmtp === true;
    if (lmtp !== (verb === 'LHLO')) {
      return this.replies.of(
        500,
        lmtp ? `Error: ${verb} not allowed in LMTP server` : 'Error: command not recognized',
      );
    }
    if (/^\S+$/.test(argument)) return undefined;
    return this.replies.of(501, `Error: ${verb === 'HELO' ? 'Syntax' : 'syntax'}: ${verb} hostname`);
  }

  #relay(connection: AdapterConnection, verb: string, argument: string): Reply | undefined {
    const option = verb === 'XCLIENT' ? this.options.useXClient : this.options.useXForward;
    if (!takesFrom(option, connection)) return this.replies.of(550, 'Error: Not allowed', '5.7.0');
    const fault = relayFault(argument);
    return fault === null ? undefined : this.replies.of(501, fault);
  }

  #auth(connection: AdapterConnection, argument: string): Reply | undefined {
    const { allowInsecureAuth, hideSTARTTLS } = this.options;
    const clear = allowInsecureAuth === true || hideSTARTTLS === true || connection.isDisabled('STARTTLS');
    if (!connection.secure && !clear) {
      return this.replies.of(538, 'Error: Must issue a STARTTLS command first');
    }
    return argument === '' ? this.replies.of(504, 'Error: Unrecognized authentication type') : undefined;
  }

  #address(connection: AdapterConnection, verb: 'MAIL' | 'RCPT', argument: string): Reply | undefined {
    // Said before the order of commands is looked at.
    if (!/^(?:FROM|TO): *<.*>/i.test(argument)) {
      const [who, enhanced] = verb === 'MAIL' ? ['sender', '5.1.7'] : ['recipient', '5.1.3'];
      return this.replies.of(501, `Error: Bad ${who} address syntax`, enhanced);
    }
    const twice = repeated(argument);
    if (twice !== null) return this.replies.of(501, `Error: duplicate ${twice} parameter`);
    if (verb === 'RCPT' || connection.session.envelope.mailFrom !== false) return undefined;
    return this.#mailParameters(connection, new Map(parametersIn(argument)));
  }

  #mailParameters(
    connection: AdapterConnection,
    parameters: ReadonlyMap<string, string | undefined>,
  ): Reply | undefined {
    const { replies, options } = this;
    for (const name of ['SIZE', 'BODY', 'RET', 'ENVID']) {
      const known = options.hideDSN === false || name === 'SIZE' || name === 'BODY';
      if (known && parameters.has(name) && (parameters.get(name) ?? '') === '') {
        return replies.of(501, `Error: ${name} parameter requires a value`);
      }
    }
    if (parameters.has('REQUIRETLS') && !connection.secure) {
      return replies.of(530, 'REQUIRETLS not permitted on non-TLS connections');
    }
    const size = parameters.get('SIZE');
    if (size === undefined) return undefined;
    if (!/^\d{1,20}$/.test(size)) return replies.of(501, 'Error: Bad message size syntax');
    const most = options.hideSize === true ? 0 : (options.size ?? 0);
    return most > 0 && Number(size) > most ? oversized(replies, most) : undefined;
  }
}

/** The answer to a message that is too big, or is declared so. */
export function oversized(replies: Replies, most: number): Reply {
  return replies.of(552, `Error: message exceeds fixed maximum message size ${most}`);
}

function parametersIn(argument: string): [string, string | undefined][] {
  const words = argument.slice(argument.lastIndexOf('> ') + 1).split(' ');
  return words.map((word) => {
    const [name = '', value] = word.split(/=(.*)/s, 2);
    return [name.toUpperCase(), value];
  });
}
