import type { Command } from 'commander';
import type {
  ContentNeeds,
  DeliveryTerms,
  MessageDetail,
  MessageQuery,
  MessageSummary,
  RecipientDetail,
  Status,
  Store,
} from '../../store/port.js';
import { printable } from '../../base/text.js';
import { type Context, configOf } from '../context.js';
import { domainName } from './domain-name.js';
import { CliError } from '../error.js';
import { withStore } from './store.js';
import { Table } from '../table.js';

interface ListOptions {
  readonly domain?: string;
  readonly tag?: string;
  readonly status?: Status;
  readonly limit?: number;
  readonly json?: true;
}

/**
 * Messages of a table if `--limit` is missing. With `--json` all are listed: a program would not notice that some are
 * missing.
 */
const DEFAULT_LIMIT = 50;
/** Messages that one call reads from the store. */
const PAGE = 200;

/** Runs `postern messages`. */
export async function listMessages(context: Context, command: Command): Promise<void> {
  const options = command.opts<ListOptions>();
  const { data } = await configOf(context, command);
  const { domain, tag, status } = options;
  const where = {
    ...(domain === undefined ? {} : { domain: domainName(domain) }),
    ...(tag === undefined ? {} : { tag }),
    ...(status === undefined ? {} : { status }),
  };
  await withStore(data, { create: false }, (store) =>
    options.json
      ? printLines(context, pages(store, where, options.limit ?? Infinity))
      : printTable(context, store, where, options.limit),
  );
}

/** Runs `postern message ID`. */
export async function showMessage(context: Context, command: Command, id: number): Promise<void> {
  const options = command.opts<{ readonly raw?: true; readonly json?: true }>();
  const { data } = await configOf(context, command);
  await withStore(data, { create: false }, async (store) => {
    const message = await store.message(id);
    if (message === null) {
      throw new CliError(`there is no message ${id} in ${data}; "postern messages" shows those that are`);
    }
    if (options.raw) {
      if (message.contentRemoved) {
        throw new CliError(`the content of message ${id} was old and has been removed (store.keep_content)`);
      }
      for await (const octets of store.content(id)) await context.stdout.write(octets);
    } else if (options.json) await context.stdout.json(detailLine(message));
    else await context.stdout.write(describe(message));
  });
}

async function printLines(context: Context, pages: AsyncIterable<MessageSummary[]>): Promise<void> {
  for await (const page of pages) {
    await context.stdout.write(page.map((message) => `${JSON.stringify(summaryLine(message))}\n`).join(''));
  }
}

async function printTable(
  context: Context,
  store: Store,
  where: Omit<MessageQuery, 'limit'>,
  asked: number | undefined,
): Promise<void> {
  const limit = asked ?? DEFAULT_LIMIT;
  const header = ['ID', 'RECEIVED', 'STATUS', 'DOMAIN', 'FROM', 'TO', 'TAGS', 'SUBJECT'];
  const shown = new Table(header, context.stdout.columns);
  let count = 0;
  // One more than is shown: if it exists, there are more.
  for await (const page of pages(store, where, limit + 1)) {
    const rows = page.slice(0, limit - count).map(row);
    count += page.length;
    if (rows.length > 0) await context.stdout.write(shown.lines(rows));
  }
  if (count === 0) return context.stderr.line('There are no such messages.');
  if (asked === undefined && count > limit) {
    await context.stderr.line(`There are older ones; --limit shows more than ${limit}.`);
  }
}

async function* pages(
  store: Store,
  where: Omit<MessageQuery, 'limit'>,
  limit: number,
): AsyncGenerator<MessageSummary[]> {
  let left = limit;
  let before: { before?: number } = {};
  while (left > 0) {
    const page = await store.messages({ ...where, ...before, limit: Math.min(PAGE, left) });
    const last = page.at(-1);
    if (last === undefined) return;
    yield page;
    left -= page.length;
    before = { before: last.id };
  }
}

/** Returns the line that other programs rely on: names, types and order are fixed. */
function summaryLine(message: MessageSummary): Record<string, unknown> {
  return {
    id: String(message.id),
    domain: message.domain,
    status: message.status,
    from: message.from,
    to: message.to,
    subject: message.subject,
    tags: message.tags,
    listUnsubscribe: message.listUnsubscribe,
    size: message.size,
    receivedAt: new Date(message.receivedAt).toISOString(),
    tls: message.tls,
  };
}

function detailLine(message: MessageDetail): Record<string, unknown> {
  const { terms } = message;
  return {
    ...summaryLine(message),
    reversePath: message.reversePath,
    messageId: message.messageId,
    clientAddress: message.clientAddress,
    recipients: message.recipients.map(({ attempts, nextAttemptAt, ...recipient }) => ({
      ...recipient,
      nextAttemptAt: isoTime(nextAttemptAt),
      attempts: attempts.map((attempt) => ({ ...attempt, at: isoTime(attempt.at) })),
    })),
    contentRemoved: message.contentRemoved,
    needs: message.needs,
    terms: {
      ...terms,
      releaseAt: isoTime(terms.releaseAt),
      deliverBy:
        terms.deliverBy === null ? null : { ...terms.deliverBy, time: isoTime(terms.deliverBy.time) },
    },
  };
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

function isoTime(time: number): string;
function isoTime(time: number | null): string | null;
function isoTime(time: number | null): string | null {
  return time === null ? null : new Date(time).toISOString();
}

function row(message: MessageSummary): string[] {
  const [first = '', ...others] = message.to;
  return [
    String(message.id),
    new Date(message.receivedAt).toISOString().replace(/\.\d+Z$/, 'Z'),
    message.status,
    message.domain,
    message.from,
    others.length === 0 ? first : `${first} +${others.length}`,
    message.tags.join(', '),
    message.subject ?? '',
  ];
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
  const octets = message.contentRemoved
    ? 'Its content was old and has been removed.'
    : `Its octets: postern message ${message.id} --raw`;
  return `${lines.join('')}\n${octets}\n`;
}
