import { copyFileSync, existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from '@photostructure/sqlite';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Page } from '../../src/store/mail.js';
import type { Domain, Draft, NewMessage, Store } from '../../src/store/port.js';
import type { Search, SearchTerm } from '../../src/store/search.js';
import { backupFolder } from '../../src/store/sqlite/backup.js';
import { isDamage } from '../../src/store/sqlite/errors.js';
import { openSqliteStore } from '../../src/store/sqlite/index.js';
import { indexFile, openIndexToRead, partsOf } from '../../src/store/sqlite/search/index-file.js';
import { Indexing } from '../../src/store/sqlite/search/indexing.js';
import { JournalReader } from '../../src/store/sqlite/search/journal.js';
import { TextIndex } from '../../src/store/sqlite/search/text-index.js';
import { questionOf } from '../../src/store/sqlite/search/words.js';
import { Documents } from '../../src/store/sqlite/worker/documents.js';
import { MailSearch } from '../../src/store/sqlite/worker/mail-search.js';
import { accept, addDomain, newMessage, tempFolder } from './fixtures.js';
import { databaseFile, nextLine, runChild, withDatabase } from './sqlite-fixtures.js';

/** So few that a short test fills several. */
const PART_MESSAGES = 8;

const WORDS = [
  'invoice',
  'Grüße',
  'GRÜSSE',
  'paid',
  'order',
  'ｆｕｌｌ',
  '47',
  '4711',
  'x',
  'ﷺ',
  'été',
  'invoicing',
  'order123',
];
const words = fc
  .array(fc.constantFrom(...WORDS), { minLength: 1, maxLength: 4 })
  .map((some) => some.join(' '));

const term = fc.record({
  kind: fc.constantFrom('text', 'phrase', 'from', 'to', 'subject'),
  text: fc.oneof(
    words,
    fc.constantFrom('inv', 'gr', 'user1@exam', 'order 4', '--', 'absent', 'é', 'header x'),
    // The beginning of a word after another one, longer and shorter than what the index has of a pair.
    fc.constantFrom('paid invo', 'paid invoici', 'order order12', 'x order1', 'paid 471', 'order123 pa'),
  ),
  negated: fc.boolean(),
}) as fc.Arbitrary<SearchTerm>;

const searches = fc.array(fc.array(term, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 6 });

type Step =
  | { readonly kind: 'accept'; readonly subject: string; readonly header: string; readonly user: number }
  | { readonly kind: 'open' | 'commit' | 'index' | 'reopen' | 'delete' | 'rebuild' | 'damage' | 'lose' };

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 10,
      arbitrary: fc.record({
        kind: fc.constant('accept' as const),
        subject: words,
        header: words,
        user: fc.nat({ max: 20 }),
      }),
    },
    {
      weight: 4,
      arbitrary: fc.record({ kind: fc.constantFrom('index' as const, 'open', 'commit', 'delete') }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constantFrom('reopen' as const, 'rebuild', 'damage', 'lose') }),
    },
  ),
  { minLength: 10, maxLength: 60 },
);

/** A search as it is done on a thread that reads: with or without the index. */
function searcher(main: InstanceType<typeof DatabaseSync>, index: TextIndex | null): Searcher {
  const content = main.prepare('SELECT octets FROM chunk WHERE message_id = ? AND sequence = ?');
  const documents = new Documents(
    main,
    (id, sequence) => (content.get(id, sequence) as { octets: Uint8Array } | undefined)?.octets ?? null,
  );
  const search = new MailSearch(main, documents, index);
  return (terms) => {
    const ids: number[] = [];
    for (let below: number | null = Number.MAX_SAFE_INTEGER; below !== null;) {
      const page = search.step('all', { search: terms }, { below, above: 0 }, 3);
      ids.push(...page.ids);
      below = page.next;
    }
    return ids;
  };
}

/** Does a step as the thread does: a damage that it meets has the index made anew. Returns whether there is more to do. */
function stepAsThread(indexing: Indexing): boolean {
  try {
    return indexing.step().more;
  } catch (error) {
    if (!isDamage(error)) throw error;
    indexing.rebuild();
    return true;
  }
}

type Searcher = (search: Search) => number[];

describe('the index of words', () => {
  // Not exclusive: the store would fill the index itself.
  let folder: ReturnType<typeof tempFolder>;
  let store: Store;
  let domain: Domain;
  const opened: { close(): void }[] = [];
  const keep = <T extends { close(): void }>(one: T): T => {
    opened.push(one);
    return one;
  };
  const openMain = () => keep(new DatabaseSync(databaseFile(folder.path), { readOnly: true }));

  beforeEach(async () => {
    folder = tempFolder();
    store = await openSqliteStore({ directory: folder.path, exclusive: false });
    domain = await addDomain(store);
  });
  afterEach(async () => {
    for (const one of opened.splice(0)) one.close();
    await store.close();
    folder.remove();
  });

  const message = (subject: string, user = 1): NewMessage =>
    newMessage(domain.id, {
      subject,
      recipients: [{ forwardPath: `user${user}@example.net` }],
      status: 'queued',
    });
  const content = (header: string): Buffer =>
    Buffer.from(`X-Header: header ${header}\r\n\r\nbody invoice\r\n`);

  function indexAll(indexing: Indexing): void {
    while (indexing.step().more);
  }

  // Invariant: whatever was indexed so far, removed, lost or damaged, a search with the index finds what one without finds.
  it('changes no result of a search', async () => {
    await fc.assert(
      fc.asyncProperty(steps, searches, async (taken, asked) => {
        const main = openMain();
        const index = keep(new TextIndex(folder.path, main));
        const [withIndex, without] = [index, null].map((each) => searcher(main, each));
        let indexing = new Indexing(folder.path, PART_MESSAGES);
        const drafts: Draft[] = [];
        const compare = () => {
          for (const search of asked) expect(withIndex?.(search)).toEqual(without?.(search));
        };
        for (const step of taken) {
          switch (step.kind) {
            case 'accept':
              await accept(store, message(step.subject, step.user), content(step.header));
              break;
            case 'open':
              drafts.push(store.open());
              break;
            case 'commit': {
              // Its id is less than those of messages that were committed before.
              const draft = drafts.shift();
              await draft?.write(content('late'));
              await draft?.commit(message('late order 4711'));
              break;
            }
            case 'index':
              stepAsThread(indexing);
              compare();
              break;
            case 'delete': {
              const { messages } = await store.mail.page('all', { filter: {}, limit: 4 });
              const selection = { ids: messages.map(({ id }) => id) };
              await store.mail.operate('all', { operation: 'cancel', selection, now: 1 });
              await store.mail.operate('all', { operation: 'delete', selection, now: 1 });
              break;
            }
            case 'rebuild':
              indexing.rebuild();
              break;
            default:
              indexing.close();
              if (step.kind === 'lose') rmSync(indexFile(folder.path));
              if (step.kind === 'damage') damage(indexFile(folder.path));
              compare();
              indexing = new Indexing(folder.path, PART_MESSAGES);
          }
        }
        compare();
        while (stepAsThread(indexing));
        compare();
        indexing.close();
        for (const draft of drafts) draft.discard();
      }),
      { numRuns: 12 },
    );
  }, 120_000);

  it('has messages that were stored before it, in parts', async () => {
    for (let number = 0; number < 30; number++) await accept(store, message(`order ${number}`));
    const indexing = keep(new Indexing(folder.path, PART_MESSAGES));
    indexAll(indexing);
    await accept(store, message('order 30'));
    indexAll(indexing);
    const index = openIndexToRead(folder.path);
    const parts = partsOf(index);
    index.close();
    expect(parts.reduce((sum, { documents }) => sum + documents, 0)).toBe(31);
    expect(parts.at(-1)?.first).toBe(0);
  });

  it('answers without reading messages that do not match', async () => {
    for (let number = 0; number < 30; number++) await accept(store, message(`order ${number}`));
    indexAll(keep(new Indexing(folder.path, PART_MESSAGES)));
    const main = openMain();
    const source = keep(new TextIndex(folder.path, main)).source(
      [{ kind: 'subject', text: 'order 7', negated: false }],
      () => {
        throw new Error('everything is indexed');
      },
    );
    const ids: number[] = [];
    for (let below = Number.MAX_SAFE_INTEGER; below > 1;) {
      const found = source?.find({ below, above: 0 }, 100);
      ids.push(...(found?.ids ?? []));
      below = found?.from ?? 0;
    }
    expect(ids).toHaveLength(1);
  });

  it('is not used for another state of the store', async () => {
    await accept(store, message('order 1'));
    const restored = tempFolder();
    backupFolder(folder.path, databaseFile(restored.path));
    await accept(store, message('order 2'));
    const indexing = new Indexing(folder.path, PART_MESSAGES);
    indexAll(indexing);
    indexing.close();
    for (const end of ['', '-wal']) {
      copyFileSync(`${indexFile(folder.path)}${end}`, `${indexFile(restored.path)}${end}`);
    }
    const other = await openSqliteStore({ directory: restored.path, exclusive: false });
    await accept(other, message('order 3'));
    const main = keep(new DatabaseSync(databaseFile(restored.path), { readOnly: true }));
    const search: Search = [{ kind: 'subject', text: 'order', negated: false }];
    const withIndex = searcher(main, keep(new TextIndex(restored.path, main)));
    expect(withIndex(search)).toHaveLength(2);
    indexAll(keep(new Indexing(restored.path, PART_MESSAGES)));
    expect(withIndex(search)).toHaveLength(2);
    await other.close();
    restored.remove();
  });

  it('loses parts whose messages have all been removed', async () => {
    const ids: number[] = [];
    for (let number = 0; number < 30; number++) ids.push(await accept(store, message(`order ${number}`)));
    const indexing = keep(new Indexing(folder.path, PART_MESSAGES));
    indexAll(indexing);
    const selection = { ids: ids.slice(0, 20) };
    await store.mail.operate('all', { operation: 'cancel', selection, now: 1 });
    await store.mail.operate('all', { operation: 'delete', selection, now: 1 });
    indexAll(indexing);
    const index = openIndexToRead(folder.path);
    expect(partsOf(index).reduce((sum, { documents }) => sum + documents, 0)).toBeLessThan(
      10 + PART_MESSAGES,
    );
    index.close();
  });

  it('makes parts anew of which most messages have been removed', async () => {
    const ids: number[] = [];
    for (let number = 0; number < 64; number++) ids.push(await accept(store, message(`order ${number}`)));
    const indexing = keep(new Indexing(folder.path, PART_MESSAGES));
    indexAll(indexing);
    // One in eight is kept: no part is without a message.
    const selection = { ids: ids.filter((_, at) => at % 8 !== 0) };
    await store.mail.operate('all', { operation: 'cancel', selection, now: 1 });
    await store.mail.operate('all', { operation: 'delete', selection, now: 1 });
    const main = openMain();
    const [withIndex, without] = [keep(new TextIndex(folder.path, main)), null].map((each) =>
      searcher(main, each),
    );
    const search: Search = [{ kind: 'subject', text: 'order', negated: false }];
    // One part is looked at in each step.
    for (let step = 0; step < 60; step++) {
      indexing.step();
      expect(withIndex?.(search)).toEqual(without?.(search));
    }
    const index = openIndexToRead(folder.path);
    const parts = partsOf(index);
    index.close();
    expect(parts.reduce((sum, { documents }) => sum + documents, 0)).toBeLessThanOrEqual(
      2 * 8 + PART_MESSAGES,
    );
    expect(parts.length).toBeLessThanOrEqual(3);
    expect(parts.at(-1)?.first).toBe(0);
    expect(without?.(search)).toHaveLength(8);
  });

  it('asks for pairs of words, and not for places of common words', () => {
    const asked = (text: string, kind: 'text' | 'phrase' = 'phrase') =>
      questionOf([{ kind, text, negated: false }]);
    for (const question of [asked('example invoice paid'), asked('mail@example.com', 'text')]) {
      expect(question).not.toMatch(/"\S+ \S+"/);
    }
    // A long number is in few messages: it has no pair with what follows it.
    expect(asked('order 47110815 paid')).toContain('"47110815 paid"');
    expect(asked('invoice')).toContain('"invoice"');
  });

  it('goes on after kill -9 with what was not indexed', async () => {
    await store.close();
    for (let round = 0; round < 3; round++) {
      const child = runChild('index.mjs', [folder.path, String(PART_MESSAGES)]);
      expect(await nextLine(child)).toBe('ready');
      for (let line = 0; line < 20; line++) await nextLine(child);
      await child.kill();
      store = await openSqliteStore({ directory: folder.path, exclusive: false });
      const indexing = new Indexing(folder.path, PART_MESSAGES);
      const main = openMain();
      const index = keep(new TextIndex(folder.path, main));
      const search: Search = [{ kind: 'text', text: 'order', negated: false }];
      const expected = searcher(main, null)(search);
      expect(searcher(main, index)(search)).toEqual(expected);
      indexAll(indexing);
      expect(searcher(main, index)(search)).toEqual(expected);
      expect(expected.length).toBeGreaterThan(round);
      indexing.close();
      await store.close();
    }
    store = await openSqliteStore({ directory: folder.path, exclusive: false });
  }, 60_000);
});

describe('a server', () => {
  it('fills the index of words, and makes it anew after a damage', async () => {
    const folder = tempFolder();
    let store = await openSqliteStore({ directory: folder.path, exclusive: true });
    try {
      const domain = await addDomain(store);
      const search: Search = [{ kind: 'subject', text: 'order 7', negated: false }];
      const find = async () => {
        let found = 0;
        for (let before: number | null = Number.MAX_SAFE_INTEGER; before !== null;) {
          const page: Page = await store.mail.page('all', { filter: { search }, limit: 9, before });
          found += page.messages.length;
          before = page.next;
        }
        return found;
      };
      const indexed = () => {
        const index = openIndexToRead(folder.path);
        try {
          let found = 0;
          for (const { id } of partsOf(index)) {
            found += index
              .prepare(`SELECT rowid FROM words_${id} WHERE words_${id} MATCH 'order'`)
              .all().length;
          }
          return found;
        } finally {
          index.close();
        }
      };
      for (let number = 0; number < 20; number++) {
        await accept(store, newMessage(domain.id, { subject: `order ${number}` }));
      }
      expect(await find()).toBe(1);
      await vi.waitFor(() => expect(indexed()).toBe(20), { timeout: 20_000 });
      expect(await find()).toBe(1);
      // Where the journal was, one row is left: the one that shows that both belong together.
      const rows = () =>
        withDatabase(folder.path, (database) => new JournalReader(database).from(0, 99).length);
      await vi.waitFor(() => expect(rows()).toBe(1), { timeout: 20_000 });
      await store.close();
      const damaged = new DatabaseSync(indexFile(folder.path), { defensive: false });
      for (const { id } of partsOf(damaged)) damaged.exec(`DELETE FROM words_${id}_data`);
      damaged.close();
      store = await openSqliteStore({ directory: folder.path, exclusive: true });
      expect(await find()).toBe(1);
      await vi.waitFor(() => expect(indexed()).toBe(20), { timeout: 20_000 });
      expect(await find()).toBe(1);
      expect(statSync(indexFile(folder.path)).mode & 0o077).toBe(0);
    } finally {
      await store.close();
      folder.remove();
    }
  }, 60_000);
});

/** Overwrites the second half of a file. */
function damage(file: string): void {
  if (!existsSync(file)) return;
  const octets = readFileSync(file);
  octets.fill(0x55, Math.floor(octets.length / 2));
  writeFileSync(file, octets);
}
