import { Fault } from '../../base/fault.js';
import type { Command } from 'commander';
import { newWebhookKeys, shownKey } from '../../delivery/webhooks/keys.js';
import { parseWebhookUrl } from '../../delivery/webhooks/url.js';
import { EVENTS, type EventName, type Webhook, type Webhooks } from '../../store/webhooks.js';
import { printable } from '../../base/text.js';
import { type Context, configOf } from '../context.js';
import { domainName, noSuchDomain } from './domain-name.js';
import { shownPlace } from '../open-store.js';
import { CliError } from '../error.js';
import { withStore } from './store.js';
import { table } from '../table.js';

interface Options {
  readonly events?: string;
  readonly json?: true;
}

/** Runs `postern webhook set NAME URL`. A domain keeps its keys if its URL changes. */
export async function setWebhook(
  context: Context,
  command: Command,
  text: string,
  url: string,
): Promise<void> {
  const name = domainName(text);
  const config = await configOf(context, command);
  const { delivery } = config;
  const options = command.opts<Options>();
  const events = options.events === undefined ? EVENTS : readEvents(options.events);
  const parsed = parseWebhookUrl(url, delivery.webhookPrivate === 'allow');
  if (parsed instanceof Fault) throw new CliError(`${printable(url)} cannot be a webhook: ${parsed.reason}`);
  const webhook = await withStore(config, { create: false }, ({ webhooks }) =>
    webhooks.set(name, { url: parsed.href, events, keys: newWebhookKeys() }, Date.now()),
  );
  if (webhook === null) throw noSuchDomain(name, shownPlace(config));
  await show(context, webhook, options);
}

/** Runs `postern webhook on NAME`. */
export async function switchWebhookOn(context: Context, command: Command, text: string): Promise<void> {
  const name = domainName(text);
  const config = await configOf(context, command);
  const webhook = await withStore(config, { create: false }, async ({ webhooks }) => {
    const known = await find(webhooks, name);
    return known === null ? null : webhooks.set(name, known, Date.now());
  });
  if (webhook === null) throw noWebhook(name);
  await show(context, webhook, command.opts<Options>());
}

/** Runs `postern webhook list`. */
export async function listWebhooks(context: Context, command: Command): Promise<void> {
  const config = await configOf(context, command);
  const webhooks = await withStore(config, { create: false }, ({ webhooks }) => webhooks.list());
  if (command.opts<Options>().json) {
    for (const webhook of webhooks) await context.stdout.json(webhookLine(webhook));
    return;
  }
  if (webhooks.length === 0) {
    return context.stderr.line('There are no webhooks; set one with "postern webhook set NAME URL".');
  }
  const rows = webhooks.map((webhook) => [
    webhook.domain,
    webhook.off === null ? 'on' : 'off',
    shownKey(webhook.keys),
    webhook.events.map(short).join(','),
    webhook.url,
    webhook.off?.reason ?? '',
  ]);
  const header = ['DOMAIN', 'STATE', 'PUBLIC KEY', 'EVENTS', 'URL', 'WHY'];
  await context.stdout.write(table(header, rows, context.stdout.columns));
}

/** Runs `postern webhook remove NAME`. */
export async function removeWebhook(context: Context, command: Command, text: string): Promise<void> {
  const name = domainName(text);
  const config = await configOf(context, command);
  const removed = await withStore(config, { create: false }, ({ webhooks }) => webhooks.remove(name));
  if (!removed) throw noWebhook(name);
  if (command.opts<Options>().json) return context.stdout.json({ domain: name, removed: true });
  await context.stdout.line(`The events of ${name} are no longer sent, and its keys are removed.`);
}

async function show(context: Context, webhook: Webhook, { json }: Options): Promise<void> {
  if (json) return context.stdout.json(webhookLine(webhook));
  await context.stdout.write(
    `The events of ${webhook.domain} (${webhook.events.map(short).join(', ')}) are sent to\n\n` +
      `  ${printable(webhook.url)}\n\nsigned with the key of this public key:\n\n  ${shownKey(webhook.keys)}\n\n`,
  );
}

/** Returns the line that other programs rely on. */
function webhookLine({ domain, url, events, keys, createdAt, off }: Webhook): Record<string, unknown> {
  return {
    domain,
    url,
    events,
    publicKey: shownKey(keys),
    createdAt: new Date(createdAt).toISOString(),
    off: off === null ? null : { since: new Date(off.since).toISOString(), reason: off.reason },
  };
}

/** Reads names of events, each with or without `email.` before it. */
function readEvents(text: string): EventName[] {
  return text.split(',').map((part) => {
    const word = part.trim();
    const event = EVENTS.find((name) => name === word || short(name) === word);
    if (event !== undefined) return event;
    throw new CliError(
      `--events ${printable(text)} is not allowed; give some of ${EVENTS.map(short).join(',')}`,
    );
  });
}

function short(event: EventName): string {
  return event.slice('email.'.length);
}

async function find(webhooks: Webhooks, domain: string): Promise<Webhook | null> {
  return (await webhooks.list()).find((webhook) => webhook.domain === domain) ?? null;
}

function noWebhook(domain: string): CliError {
  return new CliError(`${domain} has no webhook; "postern webhook set ${domain} URL" sets one`);
}
