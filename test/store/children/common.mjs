import { openSqliteStore } from '../../../dist/store/sqlite/index.js';

export const openStore = (directory, options = {}) =>
  openSqliteStore({ directory, exclusive: true, ...options });

export const message = (domainId) => ({
  domainId,
  reversePath: '',
  recipients: [{ forwardPath: 'someone@example.net' }],
  from: 'app@example.com',
  subject: null,
  tags: ['one', 'two'],
  listUnsubscribe: null,
  messageId: null,
  receivedAt: Date.now(),
  tls: null,
  clientAddress: '192.0.2.7',
  status: 'held',
});

/** Writes a line at once: if the parent has read it, the event that it reports has happened. */
export const say = (line) => process.stdout.write(`${line}\n`);

export async function theDomain(store) {
  const [domain] = await store.domains();
  return domain ?? (await store.addDomain('example.com', new Uint8Array(32), Date.now()));
}
