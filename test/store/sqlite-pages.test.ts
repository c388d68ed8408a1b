import { DatabaseSync } from '@photostructure/sqlite';
import { expect, it, onTestFinished } from 'vitest';
import { openSqliteStore } from '../../src/store/sqlite/index.js';
import { MailTable } from '../../src/store/sqlite/worker/mail.js';
import { Reading } from '../../src/store/sqlite/worker/reading.js';
import { WebhookCallTable } from '../../src/store/sqlite/worker/webhook-calls.js';
import { accept, addDomain, newMessage, tempFolder } from './fixtures.js';
import { databaseFile, withDatabase } from './sqlite-fixtures.js';

it('a page and its latest message are of one moment', async () => {
  const folder = tempFolder();
  onTestFinished(() => folder.remove());
  const store = await openSqliteStore({ directory: folder.path, exclusive: true });
  const domain = await addDomain(store);
  const first = await accept(store, newMessage(domain.id));
  await store.close();

  const database = new DatabaseSync(databaseFile(folder.path), { readOnly: true });
  onTestFinished(() => database.close());
  let before: () => void = () => undefined;
  // The index is asked once it is known what was stored last, and before messages are read.
  const index = {
    source: () => {
      before();
      return null;
    },
  };
  const mail = new MailTable(database, new Reading(database), new WebhookCallTable(database), index);
  const page = (newerThan: number) => {
    const search = [{ kind: 'from', text: 'app', negated: false }] as const;
    const { messages, latest } = mail.page('all', { filter: { search }, newerThan, limit: 10 });
    return { ids: messages.map(({ id }) => id), latest };
  };

  const second = first + 1;
  before = () =>
    withDatabase(folder.path, (writer) =>
      writer.exec(`INSERT INTO message (id, domain_id, status, size, received_at, reverse_path, header_from, client_address)
        VALUES (${second}, ${domain.id}, 'held', 0, 0, '', 'app@example.com', '192.0.2.7')`),
    );
  expect(page(first)).toEqual({ ids: [], latest: first });
  before = () => undefined;
  expect(page(first)).toEqual({ ids: [second], latest: second });
});
