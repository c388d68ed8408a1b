import { resolve } from 'node:path';
import type { Command } from 'commander';
import { printable } from '../../base/text.js';
import { type Context, configOf } from '../context.js';
import { CliError } from '../error.js';
import { shownSize } from '../sizes.js';
import { expectStore } from './store.js';

/** Runs `postern backup FILE`: copies the data into one file, whether a server runs or not. */
export async function backup(context: Context, command: Command, file: string): Promise<void> {
  const { data, store } = await configOf(context, command);
  if (store.url !== null) {
    throw new CliError(
      'backup copies a data folder; for a database, use pg_dump or pg_basebackup (docs/guides/scaling.md)',
    );
  }
  await expectStore(data);
  const { backupFolder } = await import('../../store/sqlite/backup.js');
  const { messages, octets } = backupFolder(data, resolve(file));
  if (command.opts<{ readonly json?: true }>().json) {
    return context.stdout.json({ file: resolve(file), messages, octets });
  }
  await context.stdout.line(
    `${printable(file)} has ${messages === 1 ? '1 message' : `${messages} messages`}, ${shownSize(octets)}. ` +
      'To restore it, put it into an empty folder as postern.db and start the server on that.',
  );
}
