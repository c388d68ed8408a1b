/**
 * A thread that reads pages of messages, and when tags were used, so that a search that takes long holds up no commit, and
 * a long queue of commits no page.
 */
import { parentPort, type MessagePort, workerData } from 'node:worker_threads';
import { DatabaseSync } from '@photostructure/sqlite';
import { openingError, operationError, toFailure } from '../errors.js';
import { databaseFile } from '../folder.js';
import type { Page } from '../../mail.js';
import { BUSY_MS, CACHE_KIB, type Database } from '../worker/database.js';
import { MailTable } from '../worker/mail.js';
import { OwnFiles } from '../worker/own-files.js';
import { Reading } from '../worker/reading.js';
import { TagUses } from '../worker/tag-uses.js';
import { WebhookCallTable } from '../worker/webhook-calls.js';
import type { ReadPart, Request } from '../wire/operations.js';
import type { MainPost, Outcome, WorkerOptions, WorkerPost } from '../wire/posts.js';
import { TextIndex } from './text-index.js';

/** A page as the thread gives it. */
export interface ReadPage extends Page {
  /** Whether the index of words has failed, so that it should be made anew. */
  readonly indexIsDamaged: boolean;
}

function serve(port: MessagePort, { directory }: WorkerOptions): void {
  const post = (message: WorkerPost): void => port.postMessage(message);
  let database: Database;
  try {
    database = new DatabaseSync(databaseFile(directory), { timeout: BUSY_MS, readOnly: true });
    database.exec(`PRAGMA cache_size = -${CACHE_KIB}`);
  } catch (error) {
    post({ kind: 'refused', failure: toFailure(openingError(error, directory)) });
    port.close();
    return;
  }
  const files = new OwnFiles(directory);
  const index = new TextIndex(directory, database);
  const mail = new MailTable(database, new Reading(database), new WebhookCallTable(database), index);

  const tagUses = new TagUses(database);

  /** What the main thread asks this thread for, with the types that `WorkerLink.ask` checks. */
  const read = ({ part, args }: ReadPart): unknown => {
    const fault = files.fault();
    if (fault !== null) throw fault;
    if (part === 'tagUses') return tagUses.last(...(args as Parameters<TagUses['last']>));
    const page = mail.page(...(args as Parameters<MailTable['page']>));
    return { ...page, indexIsDamaged: index.takeDamage() } satisfies ReadPage;
  };

  /** Before it is answered: the main thread ends this one then, and the binding must not be at work. */
  const close = (): void => {
    index.close();
    database.close();
  };
  const answer = ({ call, operation }: Request): Outcome => {
    try {
      if (operation.kind === 'read') return { call, ok: true, value: read(operation) };
      if (operation.kind === 'close') close();
      return { call, ok: true, value: undefined };
    } catch (error) {
      return { call, ok: false, failure: toFailure(operationError(error, directory)) };
    }
  };
  post({ kind: 'ready', greatestId: 0 });
  port.on('message', ({ requests }: MainPost) => {
    // One by one: a page does not wait for those after it.
    for (const request of requests) {
      post({ kind: 'outcomes', done: [], outcomes: [answer(request)], group: null, spent: [] });
    }
  });
}

if (parentPort !== null) serve(parentPort, workerData as WorkerOptions);
