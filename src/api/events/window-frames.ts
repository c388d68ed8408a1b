import type { MailChange } from '../../store/mail.js';
import type { Scope } from '../../store/port.js';
import type { MessageChange } from '../schemas/events.js';
import { type Frame, messagesFrame, missedFrame } from './frame.js';
import type { Window } from './history.js';

interface WindowOptions {
  readonly id: string;
  /** Changes that one event lists at most. */
  readonly most: number;
  /** Returns the name of a domain; null if it was removed. */
  readonly nameOf: (domainId: number) => Promise<string | null>;
}

/**
 * The events of one window, for any scope. The changes are put apart by domain once: to look through all of them for each
 * scope took a millisecond for fifty domains and a thousand changes.
 */
export class WindowFrames {
  readonly #changes: Window['changes'];
  readonly #options: WindowOptions;
  #byDomain: ReadonlyMap<number, readonly MailChange[]> | null = null;

  constructor({ changes }: Window, options: WindowOptions) {
    this.#changes = changes;
    this.#options = options;
  }

  /** Returns the number of changes that a scope sees; 0 also if there were more in the window than can be listed. */
  countOf(scope: Scope): number {
    return this.#within(scope)?.length ?? 0;
  }

  /** Returns the event that a scope gets; null if nothing of the window is in it. */
  async of(scope: Scope): Promise<Frame | null> {
    const { id, most, nameOf } = this.#options;
    const changes = this.#within(scope);
    if (changes === null || changes.length > most) return missedFrame(id);
    if (changes.length === 0) return null;
    const names = new Map<number, string | null>();
    const shown: MessageChange[] = [];
    for (const { id, domainId, kind, status } of changes) {
      if (!names.has(domainId)) names.set(domainId, await nameOf(domainId).catch(() => null));
      shown.push({ id, domain: names.get(domainId) ?? null, kind, status });
    }
    return messagesFrame(id, shown);
  }

  #within(scope: Scope): Window['changes'] {
    if (scope === 'all' || this.#changes === null) return this.#changes;
    this.#byDomain ??= byDomain(this.#changes);
    return this.#byDomain.get(scope.domainId) ?? [];
  }
}

function byDomain(changes: readonly MailChange[]): Map<number, MailChange[]> {
  const groups = new Map<number, MailChange[]>();
  for (const change of changes) {
    const group = groups.get(change.domainId);
    if (group === undefined) groups.set(change.domainId, [change]);
    else group.push(change);
  }
  return groups;
}
