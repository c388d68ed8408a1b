/**
 * Changes of messages as text for signals between nodes. PostgreSQL takes less than 8,000 octets in a signal.
 *
 *     SLOT.NUMBER.CHANGE,CHANGE,...      CHANGE: ID DOMAIN KIND STATUS, numbers to the base of 32, or `?`: more than is listed
 */
import type { MailChange } from '../mail.js';
import { STATUSES } from '../port.js';

/** Characters of the changes in one signal at most. */
const MOST_CHARACTERS = 7_500;

const KINDS: Readonly<Record<MailChange['kind'], string>> = {
  accepted: 'A',
  status: 'S',
  removed: 'R',
  tags: 'T',
};
const KIND_OF = new Map(Object.entries(KINDS).map(([kind, letter]) => [letter, kind as MailChange['kind']]));
const CHANGE = /^([0-9a-v]{1,11})\.([0-9a-v]{1,7})([A-Z])(\d?)$/;

/** A signal of a node. */
export interface ChangeSignal {
  readonly slot: number;
  /** One more than that of the node's signal before. */
  readonly number: number;
  /** Null: more has happened than can be listed. */
  readonly changes: readonly MailChange[] | null;
}

/** Returns the changes as parts that each fit in one signal. */
export function changeTexts(changes: readonly MailChange[]): string[] {
  const texts: string[] = [];
  let text = '';
  for (const { id, domainId, kind, status } of changes) {
    const at = status === null ? '' : String(STATUSES.indexOf(status));
    const one = `${id.toString(32)}.${domainId.toString(32)}${KINDS[kind]}${at}`;
    if (text.length + one.length >= MOST_CHARACTERS) {
      texts.push(text);
      text = '';
    }
    text += text === '' ? one : `,${one}`;
  }
  if (text !== '') texts.push(text);
  return texts;
}

/** @param text one of {@link changeTexts}; null: more has happened than can be listed */
export function signalText(slot: number, number: number, text: string | null): string {
  return `${slot}.${number}.${text ?? '?'}`;
}

/** Returns null if the text was not made by {@link signalText}. */
export function readSignal(text: string): ChangeSignal | null {
  const [, slot, number, rest = ''] = /^(\d{1,3})\.(\d{1,16})\.(.+)$/.exec(text) ?? [];
  if (slot === undefined || number === undefined) return null;
  const name = { slot: Number(slot), number: Number(number) };
  if (rest === '?') return { ...name, changes: null };
  const changes: MailChange[] = [];
  for (const one of rest.split(',')) {
    const [, id = '', domain = '', letter = '', status = ''] = CHANGE.exec(one) ?? [];
    const kind = KIND_OF.get(letter);
    if (kind === undefined) return null;
    changes.push({
      id: parseInt(id, 32),
      domainId: parseInt(domain, 32),
      kind,
      status: status === '' ? null : (STATUSES[Number(status)] ?? null),
    });
  }
  return { ...name, changes };
}
