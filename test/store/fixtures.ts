import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DeliveryTerms, Domain, Draft, MessageId, NewMessage, Store } from '../../src/store/port.js';

/** The terms of a message whose sender asked for none. */
export const NO_TERMS: DeliveryTerms = {
  ret: null,
  envelopeId: null,
  releaseAt: null,
  deliverBy: null,
  priority: 0,
  requireTls: false,
  body: null,
  smtputf8: false,
};

/** A message with every field set; `changes` replaces some. */
export function newMessage(domainId: number, changes: Partial<NewMessage> = {}): NewMessage {
  return {
    domainId,
    reversePath: 'bounces@example.com',
    recipients: [{ forwardPath: 'someone@example.net' }],
    from: 'app@example.com',
    subject: 'Grüße',
    tags: [],
    listUnsubscribe: '<https://example.com/u/1>, <mailto:u@example.com>',
    messageId: '<1@example.com>',
    receivedAt: 1_760_000_000_000,
    tls: 'TLSv1.3 TLS_AES_256_GCM_SHA384',
    clientAddress: '192.0.2.7',
    status: 'held',
    ...changes,
  };
}

export function digest(token: string): Uint8Array {
  return createHash('sha256').update(token).digest();
}

/** Octets that differ from place to place, so that chunks in the wrong order show. */
export function octets(length: number, seed = 1): Uint8Array {
  const made = new Uint8Array(length);
  let state = seed;
  for (let at = 0; at < length; at++) {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    made[at] = state >>> 24;
  }
  return made;
}

export function sha256(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

export async function addDomain(store: Store, name = 'example.com', token = name): Promise<Domain> {
  const domain = await store.addDomain(name, digest(token), 1000);
  if (domain === null) throw new Error(`${name} is there already`);
  return domain;
}

/** Adds two domains, `a.example` and `b.example`. */
export async function twoDomains(store: Store): Promise<{ a: Domain; b: Domain }> {
  return { a: await addDomain(store, 'a.example'), b: await addDomain(store, 'b.example') };
}

/** Writes in pieces, and waits if the store asks for it. */
export async function writeAll(draft: Draft, content: Uint8Array, piece = 65_536): Promise<void> {
  for (let at = 0; at < content.length; at += piece) await draft.write(content.subarray(at, at + piece));
}

export async function accept(
  store: Store,
  message: NewMessage,
  content: Uint8Array = octets(100),
): Promise<MessageId> {
  const draft = store.open();
  await writeAll(draft, content);
  await draft.commit(message);
  return draft.id;
}

export async function contentOf(store: Store, id: MessageId): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of store.content(id)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

export interface TempFolder {
  readonly path: string;
  remove(): void;
}

export function tempFolder(): TempFolder {
  const path = mkdtempSync(join(tmpdir(), 'postern-store-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}
