import { type KeyObject, createPrivateKey, generateKeyPairSync, sign } from 'node:crypto';
import type { WebhookKeys } from '../../store/webhooks.js';

/** Octets before the key itself in the SubjectPublicKeyInfo of an Ed25519 key (RFC 8410 4). */
const PREFIX = 12;

/** Makes a new pair of keys. */
export function newWebhookKeys(): WebhookKeys {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  return {
    publicKey: publicKey.export({ format: 'der', type: 'spki' }).subarray(PREFIX),
    privateKey: privateKey.export({ format: 'der', type: 'pkcs8' }),
  };
}

/** Returns the public key as receivers see it: base64 of its 32 octets. */
export function shownKey({ publicKey }: Pick<WebhookKeys, 'publicKey'>): string {
  return Buffer.from(publicKey).toString('base64');
}

/** Returns the value of `X-MailPace-Signature`: base64 of the Ed25519 signature over the octets of the body. */
export function signBody(body: Uint8Array, { privateKey }: Pick<WebhookKeys, 'privateKey'>): string {
  return sign(null, body, keyObject(privateKey)).toString('base64');
}

function keyObject(privateKey: Uint8Array): KeyObject {
  return createPrivateKey({ key: Buffer.from(privateKey), format: 'der', type: 'pkcs8' });
}
