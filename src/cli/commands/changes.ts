import type { Command } from 'commander';
import { change } from '../../api/reading/changes.js';
import type { Mail } from '../../store/mail.js';
import type { MessageId, Store } from '../../store/port.js';
import type { MessageFilter, Selection } from '../../store/search.js';
import { type Context, configOf } from '../context.js';
import { shownPlace } from '../open-store.js';
import { CliError, UsageError } from '../error.js';
import { filterFrom, type FilterOptions, selects } from './filter.js';
import { noSuchMessage } from './message.js';
import { pages } from './pages.js';
import { openResending } from './resending.js';
import { withStore } from './store.js';

interface ChangeOptions extends FilterOptions {
  readonly yes?: true;
  /** Of `postern resend` alone. */
  readonly release?: true;
  readonly json?: true;
}

/** Messages that are counted before someone confirms a change of many. */
const MOST_COUNTED = 10_000;
/** Milliseconds of one round of changes. */
const ROUND_MS = 1_000;

/** Runs `postern delete`. */
export async function deleteMessages(
  context: Context,
  command: Command,
  ids: readonly MessageId[],
): Promise<void> {
  const options = command.opts<ChangeOptions>();
  const filter = selectionOf(ids, options);
  const config = await configOf(context, command);
  await withStore(config, { create: false }, async ({ mail }) => {
    if (filter === null) return deleteByIds(context, mail, ids, shownPlace(config), options);
    await confirm(mail, filter, options, 'deleted');
    const { changed, unchanged } = await deleteAll(mail, { filter });
    if (options.json) return context.stdout.json({ deleted: changed, kept: unchanged });
    await context.stdout.line(`Deleted: ${messages(changed)}.`);
    if (unchanged > 0)
      await context.stderr.line(`Kept, since they are not finished: ${messages(unchanged)}.`);
  });
}

/** Runs `postern resend`. */
export async function resendMessages(
  context: Context,
  command: Command,
  ids: readonly MessageId[],
): Promise<void> {
  const options = command.opts<ChangeOptions>();
  const filter = selectionOf(ids, options);
  const config = await configOf(context, command);
  const adding = { create: false, adds: true };
  await withStore(config, adding, async (store) => {
    if (filter !== null) await confirm(store.mail, filter, options, 'sent again');
    const chosen = filter === null ? each(ids) : matching(store.mail, filter);
    const resending = openResending(config, store, options.release === true);
    let failed = 0;
    let done = 0;
    for await (const id of chosen) {
      const result = await resending.resend(id, (wait) => context.stderr.line(wait));
      if ('problem' in result) {
        failed++;
        if (options.json) await context.stdout.json({ id: String(id), error: result.problem });
        else await context.stderr.line(`postern: message ${id}: ${result.problem}`);
      } else {
        done++;
        const { copy, isHeld } = result;
        if (options.json) await context.stdout.json({ id: String(id), copy: String(copy), held: isHeld });
        else if (isHeld) {
          await context.stdout.line(
            `Message ${id} is stored again as ${copy}, and held as ${id} was, since this configuration has no route ` +
              `for it. "postern release ${copy}" delivers it, if the server has a route.`,
          );
        } else await context.stdout.line(`Message ${id} is sent again as ${copy}.`);
      }
    }
    if (done + failed === 0) await context.stderr.line('There are no such messages.');
    if (failed > 0) throw new CliError(`${messages(failed)} could not be sent again`);
  });
}

/**
 * Returns the filter, or null if ids are given.
 *
 * @throws UsageError if there is neither, or both
 */
function selectionOf(ids: readonly MessageId[], options: ChangeOptions): MessageFilter | null {
  const filters = selects(options);
  if (ids.length > 0 && !filters) return null;
  if (ids.length > 0)
    throw new UsageError('give either the IDs of messages or options that select them, not both');
  if (filters) return filterFrom(options, Date.now());
  throw new UsageError(
    'give the IDs of messages, or options that select them, such as --tag or --search; --help lists them',
  );
}

/** @throws UsageError if `--yes` is missing; it says how many messages would be changed */
async function confirm(
  mail: Pick<Mail, 'page'>,
  filter: MessageFilter,
  { yes }: ChangeOptions,
  what: string,
): Promise<void> {
  if (yes) return;
  let count = 0;
  for await (const page of pages(mail, filter, MOST_COUNTED + 1)) count += page.length;
  const shown = count > MOST_COUNTED ? `more than ${messages(MOST_COUNTED)}` : messages(count);
  throw new UsageError(`${shown} would be ${what}; add --yes to do it, or see them with "postern messages"`);
}

async function deleteByIds(
  context: Context,
  mail: Mail,
  ids: readonly MessageId[],
  place: string,
  { json }: ChangeOptions,
): Promise<void> {
  let failed = 0;
  for (const id of new Set(ids)) {
    const { changed, unchanged } = await deleteAll(mail, { ids: [id] });
    if (changed > 0) {
      await (json
        ? context.stdout.json({ id: String(id), deleted: true })
        : context.stdout.line(`Message ${id} is deleted.`));
      continue;
    }
    failed++;
    const problem =
      unchanged === 0
        ? noSuchMessage(id, place).message
        : `message ${id} is not finished; "postern cancel ${id}" gives up what waits, then it can be deleted`;
    if (json) await context.stdout.json({ id: String(id), error: problem });
    else await context.stderr.line(`postern: ${problem}`);
  }
  if (failed > 0) throw new CliError(`${messages(failed)} could not be deleted`);
}

async function deleteAll(
  mail: Pick<Mail, 'operate'>,
  selection: Selection,
): Promise<{ readonly changed: number; readonly unchanged: number }> {
  let [changed, unchanged] = [0, 0];
  let from: { readonly before?: number } = {};
  for (;;) {
    const request = { operation: 'delete', selection, now: Date.now(), ...from } as const;
    const round = await change(mail, 'all', request, ROUND_MS);
    changed += round.changed.length;
    unchanged += round.unchanged;
    if (round.next === null) return { changed, unchanged };
    from = { before: round.next };
  }
}

async function* each(ids: readonly MessageId[]): AsyncGenerator<MessageId> {
  yield* new Set(ids);
}

/** Yields what matches, newest first. Copies that come in meanwhile are not among it. */
async function* matching(mail: Store['mail'], filter: MessageFilter): AsyncGenerator<MessageId> {
  for await (const page of pages(mail, filter, Infinity)) for (const { id } of page) yield id;
}

function messages(count: number): string {
  return count === 1 ? '1 message' : `${count} messages`;
}
