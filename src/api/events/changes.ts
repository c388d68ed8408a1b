import type { MailChange } from '../../store/mail.js';

/**
 * Gathers changes of messages until they are taken. Several changes of one kind to one message become one, and what
 * happened to a message before its removal is left out.
 */
export class GatheredChanges {
  #byMessage = new Map<number, Map<MailChange['kind'], MailChange>>();
  #count = 0;
  #missed = false;

  /** @param most changes that are gathered; of more it is only known that there were some */
  constructor(private readonly most: number) {}

  add(changes: readonly MailChange[]): void {
    for (const change of changes) {
      if (this.#missed) return;
      this.#add(change);
      if (this.#count > this.most) this.miss();
    }
  }

  /** Something has happened that is not known in detail, so the details of the rest are not needed either. */
  miss(): void {
    this.#missed = true;
    this.#byMessage.clear();
    this.#count = 0;
  }

  /** Returns what was gathered, and begins anew. `null`: more has happened than can be listed. */
  take(): readonly MailChange[] | null {
    const taken = this.#missed ? null : [...this.#byMessage.values()].flatMap((kinds) => [...kinds.values()]);
    this.#byMessage.clear();
    this.#count = 0;
    this.#missed = false;
    return taken;
  }

  #add(change: MailChange): void {
    const { id, kind } = change;
    const kinds = this.#byMessage.get(id) ?? new Map<MailChange['kind'], MailChange>();
    this.#byMessage.set(id, kinds);
    const accepted = kinds.get('accepted');
    this.#count -= kinds.size;
    if (kind === 'removed') kinds.clear();
    // A message that is new to the reader has one entry, with the last status that is known.
    if (accepted !== undefined && kind === 'status')
      kinds.set('accepted', { ...accepted, status: change.status });
    else kinds.set(kind, change);
    this.#count += kinds.size;
  }
}
