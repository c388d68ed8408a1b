import type { Connection } from './commands.js';
import { type Extensions, readExtensions } from './envelope.js';
import { Fault, faultOf, Stopped } from './fault.js';
import type { SessionOptions } from './options.js';

/**
 * All that comes before MAIL: greeting, EHLO, STARTTLS, AUTH (RFC 5321 3.1, RFC 3207, RFC 4954).
 *
 * @returns what the far side offers
 * @throws Fault saying where it failed
 */
export function setUp(
  connection: Connection,
  { host, credentials, limits }: SessionOptions,
  signal: AbortSignal,
): Promise<Extensions> {
  return new Promise((resolve, reject) => {
    const fail = (error: Error): void => {
      finish();
      reject(faultOf(error, host, connection.upgrading === true, credentials?.password ?? null));
      const { socket } = connection;
      connection.close();
      socket?.destroy();
    };
    const overdue = setTimeout(() => fail(timeout()), limits.greeting + limits.command);
    const stop = (): void => fail(new Stopped());
    const finish = (): void => {
      clearTimeout(overdue);
      signal.removeEventListener('abort', stop);
    };
    signal.addEventListener('abort', stop, { once: true });
    // For as long as it lives: later on, what is wrong is told by whatever is under way.
    connection.on('error', fail);
    connection.once('end', () => fail(new Error('it closed the connection')));
    connection.connect((error) => {
      if (error !== undefined) {
        fail(error);
        return;
      }
      const extensions = readExtensions(String(connection.lastServerResponse));
      const ready = (): void => {
        finish();
        resolve(extensions);
      };
      if (credentials === null) {
        ready();
      } else if (!connection.allowsAuth) {
        fail(new Fault('auth', `${host} does not offer AUTH here`, null));
      } else {
        const auth = { user: credentials.user.expose(), pass: credentials.password.expose() };
        connection.login(auth, (refused) => {
          if (refused === null) ready();
          else fail(refused);
        });
      }
    });
    if (signal.aborted) stop();
  });
}

/** As nodemailer has them. */
export function timeout(): Error {
  return Object.assign(new Error('it did not answer in time'), { code: 'ETIMEDOUT' });
}
