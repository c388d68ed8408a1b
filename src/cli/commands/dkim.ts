import { Fault } from '../../base/fault.js';
import { isIP } from 'node:net';
import type { Command } from 'commander';
import { formatEndpoint, parseEndpoint } from '../../config/endpoint.js';
import { checkDomain } from '../../delivery/verify/check-domain.js';
import type { Finding } from '../../delivery/verify/finding.js';
import { openLookups } from '../../delivery/verify/lookup.js';
import { DEFAULT_SELECTOR, makeKeys, SelectorRefused, shownKey } from '../../delivery/dkim/make-keys.js';
import { keyRecord, zoneLine } from '../../delivery/dkim/new-key.js';
import type { DkimKey, DkimKeys } from '../../store/dkim-keys.js';
import { printable } from '../../base/text.js';
import { type Context, configOf } from '../context.js';
import { domainName, noSuchDomain } from './domain-name.js';
import { shownPlace } from '../open-store.js';
import { CliError } from '../error.js';
import { withStore } from './store.js';

interface KeyOptions {
  readonly selector?: string;
  readonly algorithm?: 'rsa' | 'ed25519' | 'both';
  readonly remove?: string;
  readonly on?: true;
  readonly anyway?: true;
  readonly resolver?: string;
  readonly json?: true;
}

/** Runs `postern domain dkim NAME`: makes keys, which sign once they are switched on, or shows the existing ones. */
export async function domainKeys(context: Context, command: Command, text: string): Promise<void> {
  const name = domainName(text);
  const options = command.opts<KeyOptions>();
  if (options.on !== true && (options.anyway ?? options.resolver) !== undefined) {
    throw new CliError('--anyway and --resolver say how --on switches keys on: give --on too');
  }
  const server = options.resolver === undefined ? null : nameServer(options.resolver);
  const config = await configOf(context, command);
  await withStore(config, { create: false }, async (store) => {
    const keys: DkimKeys = store.dkimKeys;
    if (!(await store.domains()).some((domain) => domain.name === name))
      throw noSuchDomain(name, shownPlace(config));
    if (options.remove !== undefined) return removeKey(context, keys, name, options.remove, options.json);
    const present = await keys.list(name);
    const make = present.length === 0 || options.selector !== undefined || options.algorithm !== undefined;
    const there = make ? await newKeys(keys, name, options) : present;
    const lookUp = (off: readonly DkimKey[]): Promise<Finding[]> =>
      checkDomain(name, off, config.hostname, openLookups(server));
    const missing =
      options.on === true ? await switchOn(keys, there, options.anyway === true ? null : lookUp) : [];
    const shown = options.on === true ? await keys.list(name) : there;
    if (options.json) for (const key of shown) await context.stdout.json(keyLine(key));
    else await context.stdout.write(describe(name, shown, make));
    if (missing.length > 0) {
      throw new CliError(
        `not switched on: ${missing.join('; ')}. A signature with a key that receivers do not find does not pass; --anyway switches it on all the same`,
      );
    }
  });
}

async function newKeys(keys: DkimKeys, domain: string, options: KeyOptions): Promise<DkimKey[]> {
  const { selector = DEFAULT_SELECTOR, algorithm = 'both' } = options;
  try {
    return await makeKeys(keys, domain, { selector, algorithm, active: false, now: Date.now });
  } catch (error) {
    if (!(error instanceof SelectorRefused)) throw error;
    const shown = printable(error.selector);
    if (error.reason === 'in-use') throw inUse(shown, domain);
    throw new CliError(
      `--selector: ${shown} is no selector; give letters in lower case, digits and hyphens, up to 63`,
    );
  }
}

/**
 * Switches on those keys that are off and whose records are right, as the page of a domain does.
 *
 * @param lookUp null: all of them, whatever receivers find
 * @returns what is wrong with the records of the others, in words
 */
async function switchOn(
  keys: DkimKeys,
  among: readonly DkimKey[],
  lookUp: ((off: readonly DkimKey[]) => Promise<Finding[]>) | null,
): Promise<string[]> {
  const off = among.filter(({ active }) => !active);
  const findings = lookUp === null || off.length === 0 ? [] : await lookUp(off);
  const wrong: string[] = [];
  for (const key of off) {
    const finding = findings.find(({ name }) => name === keyRecord(key).name);
    if (finding === undefined || finding.ok) await keys.setActive(key.domain, key.selector, true);
    else wrong.push(`${key.selector}: ${printable(finding.says)}`);
  }
  return wrong;
}

function inUse(selector: string, domain: string): CliError {
  return new CliError(
    `the selector ${selector} is in use; give another one with --selector, or "postern domain dkim ${domain}" shows what is there`,
  );
}

async function removeKey(
  context: Context,
  keys: DkimKeys,
  domain: string,
  selector: string,
  json: true | undefined,
): Promise<void> {
  if (!(await keys.remove(domain, selector))) {
    const others = (await keys.list(domain)).map((key) => key.selector);
    const there = others.length === 0 ? 'it has no key at all' : `there is ${others.join(', ')}`;
    throw new CliError(`--remove: ${domain} has no key with the selector ${printable(selector)}; ${there}`);
  }
  if (json) return context.stdout.json({ domain, selector, removed: true });
  await context.stdout.line(
    `${domain} signs with ${selector} no more. Leave its record for a week: messages on their way need it.`,
  );
}

/** Returns the line that other programs rely on. */
function keyLine(key: DkimKey): Record<string, unknown> {
  const { record, ...facts } = shownKey(key);
  const { zone: _zone, ...fields } = record;
  return { ...facts, ...fields };
}

function describe(domain: string, keys: readonly DkimKey[], made: boolean): string {
  const lines = keys.map((key) => `${zoneLine(keyRecord(key))}\n`).join('\n');
  const off = keys.filter(({ active }) => !active).map(({ selector }) => selector);
  const more = made ? 'The keys are made.' : 'These are there already; --selector makes others.';
  const next =
    off.length === 0
      ? `Messages of ${domain} are signed with all of them. To check: postern domain verify ${domain}`
      : `Messages of ${domain} are not signed with ${off.join(' and ')} yet. Once the DNS has the records: postern domain dkim ${domain} --on`;
  return `${more} Put into the DNS, each on one line:\n\n${lines}\n${next}\n`;
}

/** Runs `postern domain verify NAME`: says what receivers find, and fails if something is missing. */
export async function verifyDomain(context: Context, command: Command, text: string): Promise<void> {
  const name = domainName(text);
  const options = command.opts<{ readonly resolver?: string; readonly json?: true }>();
  const config = await configOf(context, command);
  const { hostname } = config;
  const server = options.resolver === undefined ? null : nameServer(options.resolver);
  const keys = await withStore(config, { create: false }, (store) => store.dkimKeys.list(name));
  const findings = await checkDomain(name, keys, hostname, openLookups(server));
  if (options.json) for (const finding of findings) await context.stdout.json(finding);
  else {
    await context.stdout.write(findings.map(describeFinding).join(''));
    if (keys.length === 0) await context.stdout.line(`"postern domain dkim ${name}" makes keys.`);
  }
  const wrong = findings.filter(({ ok }) => !ok).length;
  if (wrong > 0) throw new CliError(`${name}: ${wrong} of ${findings.length} records are missing or wrong`);
}

function nameServer(text: string): string {
  const endpoint = parseEndpoint(text);
  if (!(endpoint instanceof Fault) && isIP(endpoint.address) !== 0 && endpoint.port > 0) {
    return formatEndpoint(endpoint);
  }
  const why =
    endpoint instanceof Fault ? endpoint.reason : 'a name server is known by its address, with a port';
  throw new CliError(
    `--resolver ${printable(text)} is not allowed: ${why}; give one such as 192.0.2.1:53 or [2001:db8::1]:53`,
  );
}

function describeFinding({ check, name, ok, says, record }: Finding): string {
  const first = `${ok ? 'ok  ' : 'FAIL'}  ${check.toUpperCase().padEnd(7)}  ${name}\n      ${printable(says)}\n`;
  return record === null ? first : `${first}      Put there:\n\n${zoneLine(record)}\n\n`;
}
