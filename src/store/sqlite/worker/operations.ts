/** Operations on messages by hand: bounded steps, each in one transaction. */
import type { Operation, OperationRequest, OperationStep, Position, Retag } from '../../mail.js';
import type { Scope } from '../../port.js';
import { retagged } from '../../retag.js';
import type { Selection } from '../../search.js';
import type { Database } from './database.js';
import type { MailTable } from './mail.js';
import type { Removal } from './retention.js';
import type { Counters } from './counters.js';
import type { WaitingRecipients } from './waiting.js';

/** Messages that one step changes. */
const STEP_MESSAGES = 100;

/** An {@link OperationStep} with the domains of what it changed, for those who watch. */
export interface OwnedStep extends OperationStep {
  readonly domainIds: readonly number[];
}

export class Operations {
  readonly #mail: MailTable;
  readonly #waiting: WaitingRecipients;
  readonly #removal: Removal;
  readonly #counters: Counters;
  readonly #tags;
  readonly #setTags;
  readonly #addTag;
  readonly #removeTag;

  constructor(
    database: Database,
    parts: {
      readonly mail: MailTable;
      readonly waiting: WaitingRecipients;
      readonly removal: Removal;
      readonly counters: Counters;
    },
  ) {
    this.#mail = parts.mail;
    this.#waiting = parts.waiting;
    this.#removal = parts.removal;
    this.#counters = parts.counters;
    this.#tags = database.prepare('SELECT tags FROM message WHERE id = ?');
    this.#setTags = database.prepare('UPDATE message SET tags = ? WHERE id = ?');
    this.#addTag = database.prepare(
      'INSERT OR IGNORE INTO tag (name, message_id, domain_id) VALUES (?, ?, ?)',
    );
    this.#removeTag = database.prepare('DELETE FROM tag WHERE name = ? AND message_id = ?');
  }

  operate(scope: Scope, { operation, selection, before, now }: OperationRequest): OwnedStep {
    return this.#forEach(scope, selection, before, (id) => this.#operate(operation, id, now));
  }

  retag(scope: Scope, retag: Retag, selection: Selection, before: Position | undefined): OwnedStep {
    return this.#forEach(scope, selection, before, (id, domainId) => this.#retag(retag, id, domainId));
  }

  #forEach(
    scope: Scope,
    selection: Selection,
    before: Position | undefined,
    change: (id: number, domainId: number) => boolean,
  ): OwnedStep {
    const { ids, next } = this.#mail.select(scope, selection, before, STEP_MESSAGES);
    const changed: number[] = [];
    const domainIds: number[] = [];
    for (const id of ids) {
      const domainId = this.#mail.ownerOf(id);
      if (domainId === null || !change(id, domainId)) continue;
      changed.push(id);
      domainIds.push(domainId);
    }
    return { changed, domainIds, unchanged: ids.length - changed.length, next };
  }

  #operate(operation: Operation, id: number, now: number): boolean {
    switch (operation) {
      case 'retry':
        return this.#waiting.retry(id, now) > 0;
      case 'cancel':
        return this.#waiting.cancel(id, now) > 0;
      case 'release':
        return this.#waiting.release(id, now) > 0;
      case 'delete':
        return this.#removal.removeFinished(id);
    }
  }

  #retag(retag: Retag, id: number, domainId: number): boolean {
    const { tags: old } = this.#tags.get(id) as { tags: string | null };
    const change = retagged(old === null ? [] : (JSON.parse(old) as string[]), retag);
    if (change === null) return false;
    const { tags, gained, lost } = change;
    this.#setTags.run(tags.length === 0 ? null : JSON.stringify(tags), id);
    for (const tag of lost) this.#removeTag.run(tag, id);
    for (const tag of gained) this.#addTag.run(tag, id, domainId);
    this.#counters.retagged(id, domainId, gained, lost);
    return true;
  }
}
