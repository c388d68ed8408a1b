import { encodeBase64 } from '../grammar/base64.js';
import { Fault } from '../../base/fault.js';
import { binaryString, fromBinaryString } from '../../base/octets.js';
import type { ScramCredentials } from './credentials.js';
import type { SaslChallenge, SaslExchange, SaslMechanism, SaslStep, ScramKeys } from './mechanism.js';
import { type ClientFinal, type ClientFirst, parseClientFinal, parseClientFirst } from './scram-message.js';

/** The cryptography that SCRAM needs and the platform provides. */
export interface ScramCrypto {
  /** Unguessable, of printable ASCII without a comma. */
  nonce(): string;
  hash(octets: Uint8Array): Uint8Array;
  hmac(key: Uint8Array, octets: Uint8Array): Uint8Array;
  /** In a time that does not tell where they differ. */
  equal(a: Uint8Array, b: Uint8Array): boolean;
  /** Keys for a user that does not exist: always the same, of no password at all. */
  decoy(user: string): ScramKeys;
}

/**
 * SCRAM-SHA-256, RFC 5802 and 7677: client and server prove to each other that they know the password,
 * without saying it.
 *
 *     client  n,,n=user,r=rOprNGfwEbeRWgbNEkqO
 *     server  r=rOprNGfwEbeRWgbNEkqO%hvYDp...,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096
 *     client  c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDp...,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=
 *     server  v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=
 *     client  (nothing)
 */
export function scram(crypto: ScramCrypto): SaslMechanism<ScramCredentials> {
  return { name: 'SCRAM-SHA-256', begin: () => new ScramExchange(crypto) };
}

type Step = SaslStep<ScramCredentials>;

/** How far it has come. */
type Progress =
  | { readonly at: 'start' }
  | { readonly at: 'lookup'; readonly first: ClientFirst }
  | {
      readonly at: 'challenged';
      readonly first: ClientFirst;
      readonly nonce: string;
      readonly serverFirst: string;
      readonly keys: ScramKeys;
    }
  | { readonly at: 'proven'; readonly authcid: string };

class ScramExchange implements SaslExchange<ScramCredentials> {
  #progress: Progress = { at: 'start' };

  constructor(private readonly crypto: ScramCrypto) {}

  start(initial: string | null): Step {
    return initial === null ? { kind: 'challenge', text: '' } : this.respond(initial);
  }

  respond(response: string): Step {
    const progress = this.#progress;
    switch (progress.at) {
      case 'start':
        return this.#first(response);
      case 'challenged':
        return this.#final(response, progress);
      case 'proven':
        if (response !== '') return new Fault('nothing is left to say');
        return {
          kind: 'credentials',
          credentials: { mechanism: 'SCRAM-SHA-256', authcid: progress.authcid },
        };
      case 'lookup':
        return new Fault('it is not your turn');
    }
  }

  found(keys: ScramKeys | null): SaslChallenge {
    if (this.#progress.at !== 'lookup') throw new Error(`no keys were asked for: at ${this.#progress.at}`);
    const { first } = this.#progress;
    // Made for users that exist, too: it takes its time.
    const decoy = this.crypto.decoy(first.user);
    const used = keys ?? decoy;
    const nonce = first.nonce + this.crypto.nonce();
    const salt = encodeBase64(binaryString(used.salt, 0, used.salt.length));
    const serverFirst = `r=${nonce},s=${salt},i=${used.iterations}`;
    this.#progress = { at: 'challenged', first, nonce, serverFirst, keys: used };
    return { kind: 'challenge', text: serverFirst };
  }

  #first(message: string): Step {
    const first = parseClientFirst(message);
    if (first instanceof Fault) return first;
    this.#progress = { at: 'lookup', first };
    return { kind: 'lookup', user: first.user };
  }

  #final(
    message: string,
    { first, nonce, serverFirst, keys }: Extract<Progress, { at: 'challenged' }>,
  ): Step {
    const final = parseClientFinal(message);
    if (final instanceof Fault) return final;
    if (final.nonce !== nonce) return new Fault('the nonce is another one');
    // RFC 5802 6: an attacker in between must not change the client's statement on channel binding.
    if (final.binding !== first.header) return { kind: 'disproof' };

    const signed = fromBinaryString(`${first.bare},${serverFirst},${final.withoutProof}`);
    if (!this.#proves(final, keys, signed)) return { kind: 'disproof' };
    this.#progress = { at: 'proven', authcid: first.user };
    const signature = this.crypto.hmac(keys.serverKey, signed);
    return { kind: 'challenge', text: `v=${encodeBase64(binaryString(signature, 0, signature.length))}` };
  }

  /** RFC 5802 3: ClientKey is the proof without the signature, and its hash is what the server keeps. */
  #proves({ proof }: ClientFinal, { storedKey }: ScramKeys, signed: Uint8Array): boolean {
    const signature = this.crypto.hmac(storedKey, signed);
    const clientKey = signature.map((octet, i) => octet ^ proof.charCodeAt(i));
    const { length } = signature;
    return this.crypto.equal(this.crypto.hash(clientKey), storedKey) && proof.length === length;
  }
}
