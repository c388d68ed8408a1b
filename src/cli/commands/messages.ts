import type { Command } from 'commander';
import type { Mail } from '../../store/mail.js';
import type { MessageSummary } from '../../store/port.js';
import type { MessageFilter } from '../../store/search.js';
import { type Context, configOf } from '../context.js';
import { follow } from './arrivals.js';
import { filterFrom, type FilterOptions } from './filter.js';
import { summaryLine } from './message-lines.js';
import { pages } from './pages.js';
import { withStore } from './store.js';
import { Table } from '../table.js';

interface ListOptions extends FilterOptions {
  readonly limit?: number;
  readonly follow?: true;
  readonly json?: true;
}

/**
 * Messages of a table if `--limit` is missing. With `--json` all are listed: a program would not notice that some are
 * missing.
 */
const DEFAULT_LIMIT = 50;
/** Messages that `--follow` shows first, if `--limit` is missing. */
const BEFORE_FOLLOWING = 10;
/** Writes messages in one of the two forms. */
type Print = (messages: readonly MessageSummary[]) => Promise<void>;

/** Runs `postern messages`. */
export async function listMessages(context: Context, command: Command): Promise<void> {
  const options = command.opts<ListOptions>();
  const filter = filterFrom(options, Date.now());
  const config = await configOf(context, command);
  await withStore(config, { create: false }, async ({ mail }) => {
    const print = options.json ? lines(context) : rows(context);
    if (options.follow) {
      await follow(mail, filter, options.limit ?? BEFORE_FOLLOWING, print, context.stdout);
    } else if (options.json) {
      for await (const page of pages(mail, filter, options.limit ?? Infinity)) await print(page);
    } else await printTable(context, mail, filter, options.limit, print);
  });
}

async function printTable(
  { stderr }: Context,
  mail: Pick<Mail, 'page'>,
  filter: MessageFilter,
  asked: number | undefined,
  print: Print,
): Promise<void> {
  const limit = asked ?? DEFAULT_LIMIT;
  let count = 0;
  // One more than is shown: if it exists, there are more.
  for await (const page of pages(mail, filter, limit + 1)) {
    await print(page.slice(0, limit - count));
    count += page.length;
  }
  if (count === 0) return stderr.line('There are no such messages.');
  if (asked === undefined && count > limit) {
    await stderr.line(`There are older ones; --limit shows more than ${limit}.`);
  }
}

function lines({ stdout }: Context): Print {
  return (messages) =>
    stdout.write(messages.map((message) => `${JSON.stringify(summaryLine(message))}\n`).join(''));
}

function rows({ stdout }: Context): Print {
  const header = ['ID', 'RECEIVED', 'STATUS', 'DOMAIN', 'FROM', 'TO', 'TAGS', 'SUBJECT'];
  const table = new Table(header, stdout.columns);
  return async (messages) => {
    if (messages.length > 0) await stdout.write(table.lines(messages.map(row)));
  };
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
