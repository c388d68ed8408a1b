import type { Command } from 'commander';
import type { BlockEntry } from '../../store/block-list.js';
import type { Store } from '../../store/port.js';
import { isEntryReason, parseEntryAddress, REASON_LENGTH } from '../../submission/block-entry.js';
import { type Context, configOf } from '../context.js';
import { domainName } from './domain-name.js';
import { shownPlace } from '../open-store.js';
import { CliError } from '../error.js';
import { withStore } from './store.js';
import { table } from '../table.js';

type Verdict = BlockEntry['verdict'];

interface Options {
  readonly domain?: string;
  readonly reason?: string;
  readonly json?: true;
}

/** Entries that one call reads from the store. */
const PAGE = 500;

/** Runs `postern block list` and `postern allow list`. */
export async function listEntries(context: Context, command: Command, verdict: Verdict): Promise<void> {
  const { domain, json } = command.opts<Options>();
  const config = await configOf(context, command);
  const where = { verdict, ...(domain === undefined ? {} : { domain: domainName(domain) }) };
  await withStore(config, { create: false }, async (store) => {
    if (where.domain !== undefined) await expectDomain(store, where.domain, shownPlace(config));
    const rows: string[][] = [];
    for await (const entry of entries(store, where)) {
      if (json) await context.stdout.json(line(entry));
      else rows.push([entry.domain, entry.address, new Date(entry.since).toISOString(), entry.reason]);
    }
    if (json) return;
    if (rows.length === 0) return context.stderr.line(`No address is ${verdict}.`);
    await context.stdout.write(table(['DOMAIN', 'ADDRESS', 'SINCE', 'REASON'], rows, context.stdout.columns));
  });
}

/** Runs `postern block add ADDRESS` and `postern allow add ADDRESS`. */
export async function addEntry(
  context: Context,
  command: Command,
  verdict: Verdict,
  text: string,
): Promise<void> {
  const { domain = '', reason = `${verdict} by the operator`, json } = command.opts<Options>();
  const entry = {
    domain: domainName(domain),
    address: readAddress(text),
    verdict,
    since: Date.now(),
    reason: readReason(reason),
  };
  const config = await configOf(context, command);
  const put = await withStore(config, { create: false }, (store) => store.blockList.put(entry));
  if (!put) throw noSuchDomain(entry.domain, shownPlace(config));
  if (json) return context.stdout.json(line(entry));
  await context.stdout.line(
    verdict === 'blocked'
      ? `${entry.domain} writes to ${entry.address} no more.`
      : `${entry.domain} may always write to ${entry.address}.`,
  );
}

/** Runs `postern block remove ADDRESS` and `postern allow remove ADDRESS`. */
export async function removeEntry(
  context: Context,
  command: Command,
  verdict: Verdict,
  text: string,
): Promise<void> {
  const options = command.opts<Options>();
  const domain = domainName(options.domain ?? '');
  const address = readAddress(text);
  const config = await configOf(context, command);
  await withStore(config, { create: false }, async (store) => {
    const { id } = await expectDomain(store, domain, shownPlace(config));
    const entry = await store.blockList.find(id, address);
    if (entry?.verdict !== verdict || !(await store.blockList.remove(domain, address))) {
      const list = verdict === 'blocked' ? 'block' : 'allow';
      throw new CliError(
        `${address} is not on the ${list} list of ${domain}; "postern ${list} list --domain ${domain}" shows who is`,
      );
    }
  });
  if (options.json) return context.stdout.json({ domain, address, removed: true });
  await context.stdout.line(`${address} is ${verdict} no more.`);
}

async function* entries(
  store: Store,
  where: { readonly verdict: Verdict; readonly domain?: string },
): AsyncGenerator<BlockEntry> {
  let after: Pick<BlockEntry, 'domain' | 'address'> | undefined;
  for (;;) {
    const page = await store.blockList.list({
      ...where,
      ...(after === undefined ? {} : { after }),
      limit: PAGE,
    });
    yield* page;
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE) return;
    after = { domain: last.domain, address: last.address };
  }
}

async function expectDomain(store: Store, name: string, place: string): Promise<{ readonly id: number }> {
  const domain = (await store.domains()).find((domain) => domain.name === name);
  if (domain === undefined) throw noSuchDomain(name, place);
  return domain;
}

/** @throws CliError */
function readAddress(text: string): string {
  const address = parseEntryAddress(text);
  if (address !== null) return address;
  throw new CliError(`${JSON.stringify(text)} is not an address; give one such as someone@example.com`);
}

/** @throws CliError */
function readReason(text: string): string {
  if (isEntryReason(text)) return text;
  throw new CliError(`--reason must be one line of 1 to ${REASON_LENGTH} characters`);
}

function line({ domain, address, verdict, since, reason }: BlockEntry): Record<string, unknown> {
  return { domain, address, verdict, since: new Date(since).toISOString(), reason };
}

function noSuchDomain(name: string, data: string): CliError {
  return new CliError(
    `--domain ${name}: there is no such domain in ${data}; "postern domain list" shows those that are`,
  );
}
