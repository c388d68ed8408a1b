import type { Command } from 'commander';
import type { Store } from '../../store/port.js';
import type { Waiting } from '../../store/queue.js';
import { type Context, configOf } from '../context.js';
import { domainName } from './domain-name.js';
import { shownPlace } from '../open-store.js';
import { CliError } from '../error.js';
import { noSuchMessage } from './message.js';
import { withStore } from './store.js';
import { Table } from '../table.js';

interface Options {
  readonly domain?: string;
  readonly limit?: number;
  readonly all?: true;
  readonly json?: true;
}

/** Recipients of a table if `--limit` is missing. With `--json` all are listed. */
const DEFAULT_LIMIT = 50;
/** Messages that one call reads from the store. */
const PAGE = 200;

/** Runs `postern queue`: lists the recipients that wait, and why. */
export async function listQueue(context: Context, command: Command): Promise<void> {
  const { domain, limit, json } = command.opts<Options>();
  const config = await configOf(context, command);
  const where = domain === undefined ? {} : { domain: domainName(domain) };
  await withStore(config, { create: false }, async ({ queue }) => {
    const most = limit ?? (json ? Infinity : DEFAULT_LIMIT);
    const header = ['ID', 'DOMAIN', 'TO', 'STATUS', 'TRIES', 'NEXT', 'WHY'];
    const shown = new Table(header, context.stdout.columns);
    let count = 0;
    for await (const page of pages(queue, where)) {
      const some = page.slice(0, most - count);
      count += page.length;
      if (json) for (const one of some) await context.stdout.json(waitingLine(one));
      else if (some.length > 0) await context.stdout.write(shown.lines(some.map(row)));
      if (count > most) break;
    }
    if (json) return;
    if (count === 0) return context.stderr.line('Nothing waits.');
    if (limit === undefined && count > most) {
      await context.stderr.line(`There are more; --limit shows more than ${most}.`);
    }
  });
}

/** Runs `postern retry ID`. */
export async function retryMessage(context: Context, command: Command, id: number): Promise<void> {
  await change(context, command, id, {
    act: ({ queue }, now) => queue.retry(id, now),
    done: (count) => `${recipients(count)} of message ${id} will be tried now.`,
    none: `nothing of message ${id} waits; "postern message ${id}" shows what became of it`,
  });
}

/** Runs `postern cancel ID`. */
export async function cancelMessage(context: Context, command: Command, id: number): Promise<void> {
  await change(context, command, id, {
    act: ({ queue }, now) => queue.cancel(id, now),
    done: (count) => `${recipients(count)} of message ${id} will not get it. No notification is sent.`,
    none: `nothing of message ${id} waits or is held; "postern message ${id}" shows what became of it`,
  });
}

/** Runs `postern release ID`, `--all` or `--domain NAME`. */
export async function releaseMessages(
  context: Context,
  command: Command,
  id: number | undefined,
): Promise<void> {
  const { domain, all, json } = command.opts<Options>();
  if ([id, domain, all].filter((one) => one !== undefined).length !== 1) {
    throw new CliError('give one of them: the ID of a message, --domain NAME, or --all');
  }
  if (id !== undefined) {
    return change(context, command, id, {
      act: ({ queue }, now) => queue.release(id, now),
      done: (count) => `${recipients(count)} of message ${id} may have it now.`,
      none: `message ${id} is not held; "postern message ${id}" shows what became of it`,
    });
  }
  const config = await configOf(context, command);
  const where = domain === undefined ? {} : { domain: domainName(domain) };
  await withStore(config, { create: false }, async (store) => {
    let [messages, people] = [0, 0];
    for await (const held of heldIds(store, where)) {
      const count = await store.queue.release(held, Date.now());
      if (count > 0) messages++;
      people += count;
    }
    if (json) return context.stdout.json({ messages, recipients: people });
    if (messages === 0) return context.stderr.line('No such message is held.');
    await context.stdout.line(
      `${messages === 1 ? '1 message' : `${messages} messages`} to ${recipients(people)} may leave now.`,
    );
  });
}

interface Change {
  readonly act: (store: Store, now: number) => Promise<number>;
  readonly done: (count: number) => string;
  readonly none: string;
}

async function change(
  context: Context,
  command: Command,
  id: number,
  { act, done, none }: Change,
): Promise<void> {
  const config = await configOf(context, command);
  await withStore(config, { create: false }, async (store) => {
    const count = await act(store, Date.now());
    if (count === 0) {
      const known = (await store.message(id)) !== null;
      throw known ? new CliError(none) : noSuchMessage(id, shownPlace(config));
    }
    if (command.opts<Options>().json) return context.stdout.json({ id: String(id), recipients: count });
    await context.stdout.line(done(count));
  });
}

async function* pages(queue: Store['queue'], where: { readonly domain?: string }): AsyncGenerator<Waiting[]> {
  let after = 0;
  for (;;) {
    const page = await queue.waiting({ ...where, after, limit: PAGE });
    const last = page.at(-1);
    if (last === undefined) return;
    yield page;
    after = last.id;
  }
}

/** Yields the newest first: a message that is released does not change the pages that are still to come. */
async function* heldIds(store: Store, where: { readonly domain?: string }): AsyncGenerator<number> {
  let before: { before?: number } = {};
  for (;;) {
    const page = await store.messages({ ...where, ...before, status: 'held', limit: PAGE });
    const last = page.at(-1);
    if (last === undefined) return;
    for (const { id } of page) yield id;
    before = { before: last.id };
  }
}

/** Returns the line that other programs rely on: names, types and order are fixed. */
function waitingLine(waiting: Waiting): Record<string, unknown> {
  const { lastAttempt } = waiting;
  return {
    id: String(waiting.id),
    domain: waiting.domain,
    from: waiting.from,
    to: waiting.forwardPath,
    status: waiting.status,
    receivedAt: new Date(waiting.receivedAt).toISOString(),
    attempts: waiting.attempts,
    nextAttemptAt: new Date(waiting.nextAttemptAt).toISOString(),
    leased: waiting.leased,
    lastAttempt: lastAttempt === null ? null : { ...lastAttempt, at: new Date(lastAttempt.at).toISOString() },
  };
}

function row(waiting: Waiting): string[] {
  return [
    String(waiting.id),
    waiting.domain,
    waiting.forwardPath,
    waiting.status,
    String(waiting.attempts),
    waiting.leased ? 'under way' : new Date(waiting.nextAttemptAt).toISOString().replace(/\.\d+Z$/, 'Z'),
    waiting.lastAttempt?.reply ?? '',
  ];
}

function recipients(count: number): string {
  return count === 1 ? '1 recipient' : `${count} recipients`;
}
