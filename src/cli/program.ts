import { Command, Option, type OutputConfiguration } from 'commander';
import { addConfigFlags } from './config-flags.js';
import type { Context } from './context.js';
import { addLoadCommands } from './load/options.js';
import { addMessageCommands } from './message-options.js';
import { positiveInteger } from './option-values.js';
import { addSend } from './send-options.js';
import { version } from './version.js';

const DESCRIPTION = 'An SMTP submission server: takes mail from apps, keeps it safe and shows it.';
const JSON_OPTION = ['--json', 'one JSON object a line, for programs'] as const;

/**
 * Builds the command line. The code of a command is imported when it runs, so that help is fast.
 *
 * @param withConfigFlags adds a flag per key of the configuration to `serve`, which loads the schema
 */
export async function buildProgram(
  context: Context,
  output: OutputConfiguration,
  withConfigFlags: boolean,
): Promise<Command> {
  const program = new Command('postern')
    .description(DESCRIPTION)
    .version(await version())
    // Every command that is added below inherits it.
    .exitOverride()
    .configureOutput({
      ...output,
      outputError: (text, write) => write(text.replace(/^error:/, 'postern:')),
    })
    .configureHelp({ showGlobalOptions: true })
    .showHelpAfterError('(add --help to list the options)')
    .option('--data <DIR>', 'folder of the messages, domains and tokens (POSTERN_DATA; default ./data)')
    .option(
      '--store <URL>',
      'PostgreSQL database in place of that folder (POSTERN_STORE): postgres://HOST/DATABASE',
    )
    .option('--config <FILE>', 'configuration (POSTERN_CONFIG; default ./postern.toml if it exists)');

  const serve = program
    .command('serve')
    .description('run the server')
    .option('--print-config', 'show the configuration in force as TOML, secrets hidden, and end')
    .action(async (_options, command: Command) => (await import('./serve/serve.js')).serve(context, command));
  if (withConfigFlags) await addConfigFlags(serve);

  addDomainCommands(program, context);
  addMessageCommands(program, context);
  addSend(program, context);
  addWebhookCommands(program, context);
  addQueueCommands(program, context);
  addBlockCommands(program, context);
  program
    .command('status')
    .description('say whether the server is ready, and its main numbers; fails if it is not')
    .option(
      '--server <URL>',
      'address of its HTTP API (default: that of the configuration, else the data folder is read)',
    )
    .option(...JSON_OPTION)
    .action(async (_options, command: Command) =>
      (await import('./commands/status/status.js')).showStatus(context, command),
    );
  program
    .command('vacuum')
    .description(
      'remove old content and messages (store.keep_content, store.keep_messages) and free the space',
    )
    .option(...JSON_OPTION)
    .action(async (_options, command: Command) =>
      (await import('./commands/vacuum.js')).vacuum(context, command),
    );
  program
    .command('backup <FILE>')
    .description('copy all data into a new file, also while a server runs')
    .option(...JSON_OPTION)
    .action(async (file: string, _options, command: Command) =>
      (await import('./commands/backup.js')).backup(context, command, file),
    );
  addStoreCommands(program, context);
  addLoadCommands(program, context);
  return program;
}

function addStoreCommands(program: Command, context: Context): void {
  program
    .command('store')
    .description('the place of the messages, domains and tokens')
    .command('copy')
    .description(
      'copy everything into a new database or folder, and compare both; no server may run on either. ' +
        'If it was interrupted, the same command goes on',
    )
    .requiredOption('--from <STORE>', 'sqlite:DIR, or postgres://HOST/DATABASE')
    .requiredOption('--to <STORE>', 'likewise; it must be empty')
    .option(...JSON_OPTION)
    .action(async (_options, command: Command) =>
      (await import('./commands/store-copy.js')).copyStores(context, command),
    );
}

function addDomainCommands(program: Command, context: Context): void {
  const load = () => import('./commands/domain.js');
  const domain = program.command('domain').description('the domains that may send, and their tokens');
  domain
    .command('add <NAME>')
    .description('let a domain send; shows its API token, once')
    .option(...JSON_OPTION)
    .action(async (name: string, _options, command: Command) =>
      (await load()).addDomain(context, command, name),
    );
  domain
    .command('list')
    .description('show the domains')
    .option(...JSON_OPTION)
    .action(async (_options, command: Command) => (await load()).listDomains(context, command));
  domain
    .command('remove <NAME>')
    .description('stop a domain from sending; its messages stay')
    .option(...JSON_OPTION)
    .action(async (name: string, _options, command: Command) =>
      (await load()).removeDomain(context, command, name),
    );

  addDkimCommands(domain, context);

  const token = program.command('token').description('the API tokens of domains');
  token
    .command('rotate <NAME>')
    .description('make a new token for a domain; the old one works for some time')
    .option(
      '--grace <DURATION>',
      'how long the old one works; 0 ends it now (default submission.token_grace: 24h)',
    )
    .option(...JSON_OPTION)
    .action(async (name: string, _options, command: Command) =>
      (await load()).rotateToken(context, command, name),
    );
}

function addDkimCommands(domain: Command, context: Context): void {
  const load = () => import('./commands/dkim.js');
  domain
    .command('dkim <NAME>')
    .description(
      'make the keys that messages of a domain are signed with once they are on; shows their DNS records',
    )
    .option('--selector <S>', 'name of the keys in the DNS (default postern, followed by the algorithm)')
    .addOption(
      new Option('--algorithm <ALGORITHM>', 'which keys to make (default both)').choices([
        'rsa',
        'ed25519',
        'both',
      ]),
    )
    .addOption(
      new Option('--remove <S>', 'remove the key of this selector').conflicts([
        'selector',
        'algorithm',
        'on',
      ]),
    )
    .option('--on', 'sign with the keys whose records the DNS has; fails if one is missing, and says what')
    .option('--anyway', 'with --on: do not look the records up')
    .option('--resolver <ADDR:PORT>', 'with --on: the name server to ask')
    .option(...JSON_OPTION)
    .action(async (name: string, _options, command: Command) =>
      (await load()).domainKeys(context, command, name),
    );
  domain
    .command('verify <NAME>')
    .description('look up DKIM, SPF and DMARC of a domain; fails if something is missing, and says what')
    .option('--resolver <ADDR:PORT>', 'the name server to ask')
    .option(...JSON_OPTION)
    .action(async (name: string, _options, command: Command) =>
      (await load()).verifyDomain(context, command, name),
    );
}

function addWebhookCommands(program: Command, context: Context): void {
  const load = () => import('./commands/webhook.js');
  const webhook = program.command('webhook').description('URLs that are called with the events of a domain');
  webhook
    .command('set <NAME> <URL>')
    .description('send the events of a domain to a URL; shows the key that signs them')
    .option('--events <EVENT,...>', 'only these: queued, delivered, deferred, bounced (default all)')
    .option(...JSON_OPTION)
    .action(async (name: string, url: string, _options, command: Command) =>
      (await load()).setWebhook(context, command, name, url),
    );
  webhook
    .command('list')
    .description('show the webhooks, their keys, and why a webhook is off')
    .option(...JSON_OPTION)
    .action(async (_options, command: Command) => (await load()).listWebhooks(context, command));
  webhook
    .command('on <NAME>')
    .description('switch the webhook of a domain on again')
    .option(...JSON_OPTION)
    .action(async (name: string, _options, command: Command) =>
      (await load()).switchWebhookOn(context, command, name),
    );
  webhook
    .command('remove <NAME>')
    .description('stop sending the events of a domain; events not yet sent are dropped')
    .option(...JSON_OPTION)
    .action(async (name: string, _options, command: Command) =>
      (await load()).removeWebhook(context, command, name),
    );
}

function addQueueCommands(program: Command, context: Context): void {
  const load = () => import('./commands/queue.js');
  program
    .command('queue')
    .description('list recipients that wait for delivery, and why, oldest first')
    .option('--domain <NAME>', 'only mail of this domain')
    .option('--limit <N>', 'at most this many (default 50; with --json, all)', positiveInteger)
    .option(...JSON_OPTION)
    .action(async (_options, command: Command) => (await load()).listQueue(context, command));
  program
    .command('retry')
    .description('try the waiting recipients of a message now')
    .argument('<ID>', 'as "postern queue" shows it', positiveInteger)
    .option(...JSON_OPTION)
    .action(async (id: number, _options, command: Command) =>
      (await load()).retryMessage(context, command, id),
    );
  program
    .command('cancel')
    .description('give up the waiting and held recipients of a message; no notification is sent')
    .argument('<ID>', 'as "postern queue" shows it', positiveInteger)
    .option(...JSON_OPTION)
    .action(async (id: number, _options, command: Command) =>
      (await load()).cancelMessage(context, command, id),
    );
  program
    .command('release')
    .description('release held messages')
    .argument('[ID]', 'as "postern messages" shows it', positiveInteger)
    .option('--domain <NAME>', 'all held messages of this domain')
    .option('--all', 'all held messages')
    .option(...JSON_OPTION)
    .action(async (id: number | undefined, _options, command: Command) =>
      (await load()).releaseMessages(context, command, id),
    );
}

function addBlockCommands(program: Command, context: Context): void {
  const load = () => import('./commands/block-list.js');
  const lists = [
    { name: 'block', verdict: 'blocked', about: 'addresses that a domain no longer sends to' },
    {
      name: 'allow',
      verdict: 'allowed',
      about: 'addresses that a domain may always write to, even if mail to them bounces',
    },
  ] as const;
  for (const { name, verdict, about } of lists) {
    const list = program.command(name).description(about);
    list
      .command('list')
      .description('show them')
      .option('--domain <NAME>', 'only those of this sending domain')
      .option(...JSON_OPTION)
      .action(async (_options, command: Command) => (await load()).listEntries(context, command, verdict));
    list
      .command('add <ADDRESS>')
      .description('put an address on the list')
      .requiredOption('--domain <NAME>', 'the sending domain')
      .option('--reason <TEXT>', 'why, for people')
      .option(...JSON_OPTION)
      .action(async (address: string, _options, command: Command) =>
        (await load()).addEntry(context, command, verdict, address),
      );
    list
      .command('remove <ADDRESS>')
      .description('take an address off the list')
      .requiredOption('--domain <NAME>', 'the sending domain')
      .option(...JSON_OPTION)
      .action(async (address: string, _options, command: Command) =>
        (await load()).removeEntry(context, command, verdict, address),
      );
  }
}
