import type { Command } from 'commander';
import { StoreError } from '../../store/port.js';
import { type Context, configOf } from '../context.js';
import { removeOld } from '../serve/retention.js';
import { shownSize } from '../sizes.js';
import { withStore } from './store.js';

/**
 * Runs `postern vacuum`: removes what is old, and gives the space back to the file system. If a server runs, that goes
 * in small steps; if none does, the database is written anew, which leaves no space unused.
 */
export async function vacuum(context: Context, command: Command): Promise<void> {
  const config = await configOf(context, command);
  const { store: keeping } = config;
  let octets = 0;
  const removed = await withStore(config, { create: false }, async ({ retention }) => {
    const removed = await removeOld(retention, keeping, Date.now());
    for (let given = await retention.shrink(); given > 0; given = await retention.shrink()) octets += given;
    return removed;
  });
  // A database gives space back by itself.
  if (config.store.url === null) octets += (await compact(config.data)) ?? 0;
  if (command.opts<{ readonly json?: true }>().json) return context.stdout.json({ ...removed, octets });
  const { messages, contents } = removed;
  await context.stdout.line(
    `Removed: ${messages} messages, and the content of ${contents} more. ` +
      `Given back: ${octets === 0 ? 'nothing' : shownSize(octets)}.`,
  );
  if (keeping.keepContent === 0 && keeping.keepMessages === 0) {
    await context.stderr.line(
      'Messages are kept for ever unless their domain has a rule of its own: store.keep_content and store.keep_messages are 0.',
    );
  }
}

/** Returns null if a server runs, since it has the database open. */
async function compact(data: string): Promise<number | null> {
  const { compactFolder } = await import('../../store/sqlite/compact.js');
  try {
    return compactFolder(data);
  } catch (error) {
    if (error instanceof StoreError && error.code === 'in-use') return null;
    throw error;
  }
}
