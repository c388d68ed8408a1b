import { Buffer } from 'node:buffer';
import type { Secret } from '../base/secret.js';
import type { Dialogue } from './dialogue.js';
import { ReplyError, UnsupportedError } from './errors.js';
import { meaningOf } from '../protocol/client/expected-replies.js';
import type { ReceivedReply } from '../protocol/client/received-reply.js';
import { Redactor } from './redactor.js';

/** Mechanisms that prove a password, in order of preference. */
export const MECHANISMS = ['PLAIN', 'LOGIN'] as const;
/**
 * Mechanisms that present an access token (RFC 7628, and Google's older form of it). The client uses one of them only
 * if {@link ClientCredentials.mechanism} names it.
 */
export const TOKEN_MECHANISMS = ['OAUTHBEARER', 'XOAUTH2'] as const;
export type Mechanism = (typeof MECHANISMS)[number] | (typeof TOKEN_MECHANISMS)[number];

export interface ClientCredentials {
  readonly user: string | Secret;
  /** The password; with OAUTHBEARER and XOAUTH2, the access token. */
  readonly password: Secret;
  /** Default: the first of {@link MECHANISMS} that the server offers. */
  readonly mechanism?: Mechanism;
}

/** The server for which a token was issued (RFC 7628 3.1). */
interface AuthServer {
  readonly host: string;
  readonly port: number;
}

/**
 * The longest AUTH command, in octets. RFC 4954 4: if the initial response would make it longer, the response goes in
 * a line of its own.
 */
const COMMAND_OCTETS = 512;

/**
 * Authenticates (RFC 4954). Rejects with ReplyError if the server refuses the credentials, and with UnsupportedError
 * if it offers no mechanism that the client has.
 *
 * @param offered the parameters of AUTH in the reply to EHLO; undefined if the server does not offer AUTH
 */
export async function authenticate(
  dialogue: Dialogue,
  credentials: ClientCredentials,
  offered: string | undefined,
  server: AuthServer,
): Promise<void> {
  const { mechanism } = credentials;
  const names = (offered ?? '').toUpperCase().split(' ');
  const chosen = (mechanism === undefined ? MECHANISMS : [mechanism]).find((name) => names.includes(name));
  if (offered === undefined) throw new UnsupportedError('AUTH');
  if (chosen === undefined) {
    const wanted = mechanism ?? MECHANISMS.join(' or ');
    throw new UnsupportedError('AUTH', `the server offers AUTH ${offered}, not ${wanted}`);
  }
  const [first = '', ...further] = responsesOf(chosen, credentials, server);
  // The only description of LOGIN has no initial response.
  const initial = chosen === 'LOGIN' ? '' : ` ${first}`;
  const inOne = initial !== '' && `AUTH ${chosen}${initial}\r\n`.length <= COMMAND_OCTETS;
  const responses = inOne ? further : [first, ...further];
  let reply = await say(dialogue, `AUTH ${chosen}${inOne ? initial : ''}`);
  for (const response of responses) {
    if (meaningOf('AUTH', reply.code) !== 'more') break;
    reply = await say(dialogue, response);
  }
  // RFC 7628 3.2.3: if the server refuses, it sends the reason as a challenge. The client answers it with ^A, or with
  // an empty line if the mechanism is XOAUTH2.
  if (reply.code === 334 && isToken(chosen)) reply = await say(dialogue, chosen === 'XOAUTH2' ? '' : 'AQ==');
  if (meaningOf('AUTH', reply.code) !== 'done') throw new ReplyError('AUTH', reply, 'auth');
}

/** Makes a redactor that removes the credentials from replies, in every form in which they may have been sent. */
export function redactorOf(credentials: ClientCredentials, server: AuthServer): Redactor {
  const redactor = new Redactor();
  for (const mechanism of [...MECHANISMS, ...TOKEN_MECHANISMS]) {
    for (const response of responsesOf(mechanism, credentials, server)) redactor.addEncoded(response);
  }
  redactor.addSecret(credentials.password.expose());
  redactor.addName(nameOf(credentials));
  return redactor;
}

function isToken(mechanism: Mechanism): boolean {
  return (TOKEN_MECHANISMS as readonly Mechanism[]).includes(mechanism);
}

/** Returns the responses of a mechanism, in base64 and in the order in which they are sent. */
function responsesOf(
  mechanism: Mechanism,
  credentials: ClientCredentials,
  { host, port }: AuthServer,
): readonly string[] {
  const user = nameOf(credentials);
  const secret = credentials.password.expose();
  switch (mechanism) {
    case 'PLAIN':
      return [base64(`\0${user}\0${secret}`)];
    case 'LOGIN':
      return [base64(user), base64(secret)];
    case 'XOAUTH2':
      return [base64(`user=${user}\x01auth=Bearer ${secret}\x01\x01`)];
    case 'OAUTHBEARER': {
      // RFC 5801 4: in a name, "=" is written as =3D and "," as =2C.
      const name = user.replace(/=/g, '=3D').replace(/,/g, '=2C');
      return [base64(`n,a=${name},\x01host=${host}\x01port=${port}\x01auth=Bearer ${secret}\x01\x01`)];
    }
  }
}

function nameOf({ user }: ClientCredentials): string {
  return typeof user === 'string' ? user : user.expose();
}

function say(dialogue: Dialogue, line: string): Promise<ReceivedReply> {
  return dialogue.say('AUTH', 'auth', line);
}

function base64(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64');
}
