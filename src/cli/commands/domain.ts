import type { Command } from 'commander';
import { DURATION_FORM, parseDuration } from '../../config/duration.js';
import { addDomain as storeDomain, rotateToken as rotateStoredToken } from '../../submission/domains.js';
import { printable } from '../../base/text.js';
import { type Context, configOf } from '../context.js';
import { domainName, noSuchDomain } from './domain-name.js';
import { shownPlace } from '../open-store.js';
import { CliError } from '../error.js';
import { withStore } from './store.js';
import { table } from '../table.js';

interface Options {
  readonly json?: true;
  readonly grace?: string;
}

/** Runs `postern domain add NAME`. The token is shown here and never again: the store keeps only its hash. */
export async function addDomain(context: Context, command: Command, text: string): Promise<void> {
  const name = domainName(text);
  const config = await configOf(context, command);
  const added = await withStore(config, { create: true }, (store) => storeDomain(store, name, Date.now()));
  if (added === null) {
    throw new CliError(
      `the domain ${name} is there already; "postern token rotate ${name}" gives it a new token`,
    );
  }
  const { token } = added;
  if (command.opts<Options>().json) return context.stdout.json({ domain: name, token: token.expose() });
  await context.stdout.write(
    `${name} may send now. Its API token, shown this once, is both user and password:\n\n  ${token.expose()}\n\n`,
  );
}

/** Runs `postern domain list`. */
export async function listDomains(context: Context, command: Command): Promise<void> {
  const config = await configOf(context, command);
  const domains = await withStore(config, { create: false }, (store) => store.domains());
  if (command.opts<Options>().json) {
    for (const { name, createdAt } of domains) {
      await context.stdout.json({ domain: name, createdAt: new Date(createdAt).toISOString() });
    }
    return;
  }
  if (domains.length === 0)
    return context.stderr.line('There are no domains; add one with "postern domain add NAME".');
  const rows = domains.map(({ name, createdAt }) => [name, new Date(createdAt).toISOString()]);
  await context.stdout.write(table(['DOMAIN', 'ADDED'], rows, context.stdout.columns));
}

/** Runs `postern domain remove NAME`. */
export async function removeDomain(context: Context, command: Command, text: string): Promise<void> {
  const name = domainName(text);
  const config = await configOf(context, command);
  const removed = await withStore(config, { create: false }, (store) => store.removeDomain(name, Date.now()));
  if (!removed) throw noSuchDomain(name, shownPlace(config));
  if (command.opts<Options>().json) return context.stdout.json({ domain: name, removed: true });
  await context.stdout.line(`${name} may send no more. Its messages stay.`);
}

/** Runs `postern token rotate NAME`. Sessions of the domain end. */
export async function rotateToken(context: Context, command: Command, text: string): Promise<void> {
  const name = domainName(text);
  const options = command.opts<Options>();
  const config = await configOf(context, command);
  const { submission } = config;
  const now = Date.now();
  const oldUntil = now + (options.grace === undefined ? submission.tokenGrace : readGrace(options.grace));
  const token = await withStore(config, { create: false }, (store) =>
    rotateStoredToken(store, name, { oldUntil, now, kept: null }),
  );
  if (token === null) throw noSuchDomain(name, shownPlace(config));
  const until = new Date(oldUntil).toISOString();
  if (options.json) return context.stdout.json({ domain: name, token: token.expose(), oldUntil: until });
  await context.stdout.write(
    `The new API token of ${name}, shown this once, is both user and password:\n\n  ${token.expose()}\n\n` +
      (oldUntil > now ? `The old one works until ${until}.\n` : 'The old one works no more.\n'),
  );
}

/** The largest value that `submission.token_grace` can have. */
const LONGEST_GRACE = '365d';

function readGrace(text: string): number {
  const grace = parseDuration(text);
  if (grace !== undefined && grace <= (parseDuration(LONGEST_GRACE) ?? 0)) return grace;
  throw new CliError(
    `--grace ${printable(text)} is not allowed; give ${DURATION_FORM}, up to ${LONGEST_GRACE}`,
  );
}
