import { resolve } from 'node:path';
import type { Command } from 'commander';
import { Fault } from '../../base/fault.js';
import { parseStoreUrl } from '../../config/store-url.js';
import type { ComparedSection, CopyReport } from '../../store/copy/copy.js';
import type { Source, Target } from '../../store/copy/port.js';
import type { Context } from '../context.js';
import { CliError, UsageError } from '../error.js';
import type { Output } from '../output.js';
import { hasStore } from './store.js';

/** Milliseconds between two lines about a section that is under way. */
const LINE_MS = 2000;

/** A store that `--from` or `--to` names. */
type Place =
  | { readonly kind: 'folder'; readonly directory: string }
  | { readonly kind: 'database'; readonly url: string; readonly shown: string };

/**
 * Runs `postern store copy`: makes an empty store the same as another one that no server uses, and compares them. After
 * an interruption, the same command goes on.
 */
export async function copyStores(context: Context, command: Command): Promise<void> {
  const options = command.opts<{ readonly from: string; readonly to: string; readonly json?: true }>();
  const [from, to] = [placeIn('--from', options.from), placeIn('--to', options.to)];
  if (JSON.stringify(from) === JSON.stringify(to))
    throw new UsageError('--from and --to name the same store');
  const source = await openSource(from);
  try {
    const target = await openTarget(to);
    try {
      const { copyStore } = await import('../../store/copy/copy.js');
      const compared = await copyStore(source, target, reporter(context.stderr));
      await (options.json === true
        ? context.stdout.json({ from: source.place, to: target.place, sections: compared })
        : showResult(context.stdout, source, target, compared));
    } finally {
      await target.close();
    }
  } finally {
    await source.close();
  }
}

/** @throws UsageError; its message does not have the URL, which may have a password */
function placeIn(option: string, text: string): Place {
  const [, directory] = /^sqlite:(.+)$/s.exec(text) ?? [];
  if (directory !== undefined) return { kind: 'folder', directory: resolve(directory) };
  const url = parseStoreUrl(text);
  if (url instanceof Fault) {
    throw new UsageError(
      `${option} must be sqlite:DIR or a database, postgres://USER:PASSWORD@HOST/DATABASE`,
    );
  }
  return { kind: 'database', url: text, shown: url.shown };
}

async function openSource(place: Place): Promise<Source> {
  if (place.kind === 'folder') {
    if (!(await hasStore(place.directory))) {
      throw new CliError(`there is no Postern data in ${place.directory}; name the data folder of a server`);
    }
    return (await import('../../store/sqlite/copy.js')).openSqliteSource(place.directory);
  }
  return (await import('../../store/postgres/copy/index.js')).openPostgresSource(place.url);
}

async function openTarget(place: Place): Promise<Target> {
  if (place.kind === 'folder') {
    return (await import('../../store/sqlite/copy.js')).openSqliteTarget(place.directory);
  }
  return (await import('../../store/postgres/copy/index.js')).openPostgresTarget(place.url);
}

/** Returns what writes a line about each section, and one about a long one from time to time. */
function reporter(stderr: Output): (report: CopyReport) => Promise<void> {
  let last = performance.now();
  return async ({ phase, section, rows, total, done }) => {
    const now = performance.now();
    if (done ? rows === 0 : now - last < LINE_MS) return;
    last = now;
    const of = total === null || total < rows ? '' : ` of ${total}`;
    await stderr.line(`${phase} ${section}: ${rows}${of}${done ? ', done' : ''}`);
  };
}

async function showResult(
  stdout: Output,
  source: Source,
  target: Target,
  compared: readonly ComparedSection[],
): Promise<void> {
  const find = (name: string) => compared.find(({ section }) => section === name);
  const messages = find('message')?.rows ?? 0;
  const rows = compared.reduce((sum, section) => sum + section.rows, 0);
  await stdout.line(
    `${target.place} is the same as ${source.place}: ${messages === 1 ? '1 message' : `${messages} messages`}, ` +
      `${rows} rows in all; SHA-256 of the contents ${find('chunk')?.sha256 ?? ''}`,
  );
  await stdout.line(
    `Start the servers on ${target.place}, and none on ${source.place} any more: it has the same queue, and would send ` +
      'the same mail again.',
  );
}
