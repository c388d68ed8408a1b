import { Buffer } from 'node:buffer';
import type { Secret } from '../base/secret.js';
import type { Dialogue } from './dialogue.js';
import { ReplyError, UnsupportedError } from './errors.js';
import type { ReceivedReply } from './received-reply.js';

/** Mechanisms that this client speaks, the best first. */
export const MECHANISMS = ['PLAIN', 'LOGIN'] as const;
export type Mechanism = (typeof MECHANISMS)[number];

export interface ClientCredentials {
  readonly user: string;
  readonly password: Secret;
  /** Default: the first of {@link MECHANISMS} that the server offers. */
  readonly mechanism?: Mechanism;
}

/**
 * Proves who it is (RFC 4954). Rejects with ReplyError where the server does not believe it, and with
 * UnsupportedError where it offers no mechanism that is spoken here.
 *
 * @param offered the parameters of AUTH in the reply to EHLO; undefined where there is none
 */
export async function authenticate(
  dialogue: Dialogue,
  { user, password, mechanism }: ClientCredentials,
  offered: string | undefined,
): Promise<void> {
  const names = (offered ?? '').toUpperCase().split(' ');
  const chosen = (mechanism === undefined ? MECHANISMS : [mechanism]).find((name) => names.includes(name));
  if (offered === undefined) throw new UnsupportedError('AUTH');
  if (chosen === undefined) {
    const wanted = mechanism ?? MECHANISMS.join(' or ');
    throw new UnsupportedError('AUTH', `the server offers AUTH ${offered}, not ${wanted}`);
  }
  if (chosen === 'PLAIN') {
    const response = base64(`\0${user}\0${password.expose()}`);
    await done(dialogue.say(`AUTH PLAIN ${response}`));
    return;
  }
  await dialogue.expect('AUTH', 334, dialogue.say('AUTH LOGIN'));
  await dialogue.expect('AUTH', 334, dialogue.say(base64(user)));
  await done(dialogue.say(base64(password.expose())));
}

/** RFC 4954 4 has 235; some servers of tests say 250, and RFC 5321 4.2.1 lets the first digit decide. */
async function done(reply: Promise<ReceivedReply>): Promise<void> {
  const heard = await reply;
  if (!heard.done) throw new ReplyError('AUTH', heard);
}

function base64(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64');
}
