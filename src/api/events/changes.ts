import type { MailChange } from '../../store/mail.js';

/**
 * Gathers changes of messages until they are taken. Several changes of one kind to one message become one, and what
 * happened to a message before its removal is left out.
 */
export class GatheredChanges {
  #byMessage = new Map<number, MailChange[]>();
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
    const taken = this.#missed ? null : [...this.#byMessage.values()].flat();
    this.#byMessage.clear();
    this.#count = 0;
    this.#missed = false;
    return taken;
  }

  #add(change: MailChange): void {
    const known = this.#byMessage.get(change.id);
    if (known === undefined) {
      this.#byMessage.set(change.id, [change]);
      this.#count += 1;
    } else {
      this.#count -= known.length;
      merge(known, change);
      this.#count += known.length;
    }
  }
}

/** Adds a change to those of the same message. */
function merge(known: MailChange[], change: MailChange): void {
  const placeOf = (wanted: MailChange['kind']): number => known.findIndex(({ kind }) => kind === wanted);
  const accepted = placeOf('accepted');
  if (change.kind === 'removed') known.length = 0;
  // A message that is new to the reader has one entry, with the last status that is known.
  else if (change.kind === 'status' && accepted >= 0) {
    known[accepted] = { ...change, kind: 'accepted' };
    return;
  }
  const same = placeOf(change.kind);
  if (same < 0) known.push(change);
  else known[same] = change;
}
