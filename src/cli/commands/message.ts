import type { Command } from 'commander';
import type {
  ContentNeeds,
  DeliveryTerms,
  MessageDetail,
  MessageId,
  RecipientDetail,
  Store,
} from '../../store/port.js';
import { printable } from '../../base/text.js';
import { type Context, configOf } from '../context.js';
import { shownPlace } from '../open-store.js';
import { CliError } from '../error.js';
import type { ContentOptions } from './message-content.js';
import { detailLine, isoTime } from './message-lines.js';
import { withStore } from './store.js';

interface ShowOptions extends ContentOptions {
  readonly raw?: true;
}

/** Runs `postern message ID`. */
export async function showMessage(context: Context, command: Command, id: MessageId): Promise<void> {
  const options = command.opts<ShowOptions>();
  const config = await configOf(context, command);
  await withStore(config, { create: false }, async (store) => {
    const message = await store.message(id);
    if (message === null) throw noSuchMessage(id, shownPlace(config));
    if (options.raw) {
      expectContent(message);
      for await (const octets of store.content(id)) await context.stdout.write(octets);
    } else if (isOfContent(options)) {
      expectContent(message);
      const { showContent } = await import('./message-content.js');
      await showContent(context, id, await contentOf(store, id), options);
    } else if (options.json) await context.stdout.json(detailLine(message));
    else await context.stdout.write(describe(message));
  });
}

/** Returns the error for a message that the store does not have. */
export function noSuchMessage(id: MessageId, data: string): CliError {
  return new CliError(`there is no message ${id} in ${data}; "postern messages" shows those that are`);
}

function isOfContent({ text, html, headers, links, attachments }: ContentOptions): boolean {
  return [text, html, headers, links, attachments].some((option) => option !== undefined);
}

function expectContent({ id, contentRemoved }: MessageDetail): void {
  if (!contentRemoved) return;
  throw new CliError(`the content of message ${id} was old and has been removed (store.keep_content)`);
}

async function contentOf(store: Pick<Store, 'content'>, id: MessageId): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const octets of store.content(id)) pieces.push(octets);
  return Buffer.concat(pieces);
}

/** Returns what the sender asked of the delivery; empty if the sender asked for nothing. */
function termFacts(terms: DeliveryTerms): [string, string][] {
  const { ret, envelopeId, releaseAt, deliverBy, priority, requireTls } = terms;
  const facts: [string, string | null][] = [
    ['Envelope ID', envelopeId],
    ['Return', ret],
    ['Not before', isoTime(releaseAt)],
    ['Deliver by', deliverBy === null ? null : `${isoTime(deliverBy.time)}, or ${deliverBy.otherwise}`],
    ['Priority', priority === 0 ? null : String(priority)],
    ['Require TLS', requireTls ? 'yes' : null],
  ];
  return facts.filter((fact): fact is [string, string] => fact[1] !== null);
}

/** Returns what is unusual about the content. */
function needFacts(needs: ContentNeeds | null): [string, string][] {
  if (needs?.longLines !== true) return [];
  return [['Long lines', 'some have more than 998 octets (RFC 5321 4.5.3.1.6)']];
}

/** Returns the attempts of a recipient, and the time of the next one. */
function storyOf({ forwardPath, status, attempts, nextAttemptAt }: RecipientDetail): [string, string][] {
  const lines = attempts.map(({ at, outcome, remoteHost, reply, tls }) => {
    const how = [remoteHost === null ? '' : ` by ${remoteHost}`, tls === null ? '' : ` over ${tls}`].join('');
    return `${isoTime(at)} ${outcome}${how}: ${reply}`;
  });
  if (nextAttemptAt !== null)
    lines.push(`${isoTime(nextAttemptAt)} ${attempts.length === 0 ? 'due' : 'next try'}`);
  return [['To', `${forwardPath} (${status})`], ...lines.map((line): [string, string] => ['', line])];
}

function describe(message: MessageDetail): string {
  const facts: [string, string | null][] = [
    ['Message', String(message.id)],
    ['Domain', message.domain],
    ['Status', message.status],
    ['From', message.from],
    ['Sender', message.reversePath === '' ? '<>' : message.reversePath],
    ...message.recipients.flatMap(storyOf),
    ...termFacts(message.terms),
    ['Subject', message.subject],
    ['Tags', message.tags.length === 0 ? null : message.tags.join(', ')],
    ['Unsubscribe', message.listUnsubscribe],
    ['Message-ID', message.messageId],
    ['Size', `${message.size} octets`],
    ...needFacts(message.needs),
    ['Received', new Date(message.receivedAt).toISOString()],
    ['Client', `${message.clientAddress}, ${message.tls ?? 'without TLS'}`],
  ];
  const lines = facts.map(
    ([name, value]) => `${(name === '' ? '' : `${name}:`).padEnd(13)}${printable(value ?? '-')}\n`,
  );
  const content = message.contentRemoved
    ? 'Its content was old and has been removed.'
    : `Its content: postern message ${message.id} --text (or --html, --headers, --links, --attachments DIR, --raw)`;
  return `${lines.join('')}\n${content}\n`;
}
