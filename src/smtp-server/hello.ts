import { format } from 'node:util';
import { Reply } from '../protocol/index.js';
import { hasUser, type AdapterConnection } from './connection.js';
import { type AnyOptions, unlessEmpty } from './defaults.js';
import { takesFrom } from './relays.js';

/** Returns the answer to a hello: HELO gets the first line alone. */
export function helloReply(connection: AdapterConnection, options: AnyOptions, extended: boolean): Reply {
  const { name } = options;
  const heloResponse = unlessEmpty(options.heloResponse) ?? '%s Nice to meet you, %s';
  // As many values as there are places: `format` would append the others.
  const places = heloResponse.match(/%s/g)?.length ?? 0;
  const line = format(heloResponse, ...[name, connection.clientHostname].slice(0, places));
  return new Reply(250, null, [line, ...(extended ? featuresOf(connection, options) : [])]);
}

/** The extensions that a connection is offered, in the order of smtp-server. */
function featuresOf(connection: AdapterConnection, options: AnyOptions): string[] {
  const { secure, session } = connection;
  const offers = (command: string): boolean => !connection.isDisabled(command);
  const list: readonly (readonly [offered: boolean, feature: string])[] = [
    [options.hidePIPELINING !== true, 'PIPELINING'],
    [options.hide8BITMIME !== true, '8BITMIME'],
    [options.hideSMTPUTF8 !== true, 'SMTPUTF8'],
    [options.hideENHANCEDSTATUSCODES === false, 'ENHANCEDSTATUSCODES'],
    [options.hideDSN === false, 'DSN'],
    [options.hideREQUIRETLS === false && secure, 'REQUIRETLS'],
    [offers('AUTH') && !hasUser(session.user), `AUTH ${options.authMethods.join(' ')}`],
    [offers('STARTTLS') && !secure && options.hideSTARTTLS !== true, 'STARTTLS'],
    [(options.size ?? 0) > 0, options.hideSize === true ? 'SIZE' : `SIZE ${options.size}`],
    [takesFrom(options.useXClient, connection), 'XCLIENT NAME ADDR PORT PROTO HELO LOGIN'],
    [takesFrom(options.useXForward, connection), 'XFORWARD NAME ADDR PORT PROTO HELO IDENT SOURCE'],
  ];
  return list.flatMap(([offered, feature]) => (offered ? [feature] : []));
}
