import { Buffer } from 'node:buffer';
import type { Secret } from '../protocol/secret.js';
import type { Dialogue } from './dialogue.js';
import { ConnectionError } from './errors.js';

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
 * ConnectionError `protocol` where it offers no mechanism that is spoken here.
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
  if (chosen === undefined) {
    const there = offered === undefined ? 'offers no AUTH' : `offers AUTH ${offered} alone`;
    throw new ConnectionError(
      'protocol',
      `the server ${there}; it takes ${mechanism ?? MECHANISMS.join(' or ')}`,
    );
  }
  if (chosen === 'PLAIN') {
    const response = base64(`\0${user}\0${password.expose()}`);
    await dialogue.expect('AUTH', 235, dialogue.say(`AUTH PLAIN ${response}`));
    return;
  }
  await dialogue.expect('AUTH', 334, dialogue.say('AUTH LOGIN'));
  await dialogue.expect('AUTH', 334, dialogue.say(base64(user)));
  await dialogue.expect('AUTH', 235, dialogue.say(base64(password.expose())));
}

function base64(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64');
}
