import { type Command, InvalidArgumentError, Option } from 'commander';
import { type Status, STATUSES } from '../store/port.js';
import type { Context } from './context.js';
import { positiveInteger, several } from './option-values.js';

const JSON_OPTION = ['--json', 'one JSON object a line, for programs'] as const;

/** Adds the commands about messages. Their code is loaded when they are run. */
export function addMessageCommands(program: Command, context: Context): void {
  withFilter(program.command('messages').description('list messages, newest first'))
    .option(
      '--limit <N>',
      'at most this many (default 50; with --json, all; with --follow, 10)',
      positiveInteger,
    )
    .option('-f, --follow', 'show the newest ones, oldest first, and then each one that comes in')
    .option(...JSON_OPTION)
    .action(async (_options, command: Command) =>
      (await import('./commands/messages.js')).listMessages(context, command),
    );
  addMessage(program, context);
  addChanges(program, context);
}

function addMessage(program: Command, context: Context): void {
  const parts = [
    ['--text', 'the text'],
    ['--html', 'the HTML'],
    ['--headers', 'the header fields, decoded'],
    ['--links', 'links and one-time codes in the text, one a line'],
    ['--attachments <DIR>', 'write the attachments into a folder; no file is replaced'],
    ['--raw', 'the stored octets, exactly'],
  ] as const;
  const names = parts.map(([flags]) => new Option(flags).attributeName());
  const command = program
    .command('message')
    .description('show one message')
    .argument('<ID>', 'as "postern messages" shows it', positiveInteger);
  for (const [flags, about] of parts) {
    const option = new Option(flags, about);
    const name = option.attributeName();
    const asJson = ['headers', 'links', 'attachments'].includes(name);
    command.addOption(
      option.conflicts([...names.filter((other) => other !== name), ...(asJson ? [] : ['json'])]),
    );
  }
  command
    .option(...JSON_OPTION)
    .action(async (id: number, _options, command: Command) =>
      (await import('./commands/message.js')).showMessage(context, command, id),
    );
}

function addChanges(program: Command, context: Context): void {
  const load = () => import('./commands/changes.js');
  const changes = [
    {
      name: 'resend',
      about: 'send messages again, as new ones to the same recipients',
      run: async (ids: number[], command: Command) => (await load()).resendMessages(context, command, ids),
    },
    {
      name: 'delete',
      about: 'delete finished messages with all that is kept of them',
      run: async (ids: number[], command: Command) => (await load()).deleteMessages(context, command, ids),
    },
  ];
  for (const { name, about, run } of changes) {
    const command = withFilter(program.command(name).description(about));
    if (name === 'resend') {
      command.option(
        '--release',
        'hold no copy: the server has a route, by flags that this command does not see',
      );
    }
    command
      .argument('[ID...]', 'as "postern messages" shows them', several(positiveInteger))
      .option('--yes', 'do it to all messages that the options select')
      .option(...JSON_OPTION)
      .action(async (ids: number[], _options, command: Command) => run(ids, command));
  }
}

/** Adds the options that select messages: the parameters of `GET /api/v1/messages`. */
function withFilter(command: Command): Command {
  const status = (text: string): Status => {
    const found = STATUSES.find((each) => each === text);
    if (found === undefined) throw new InvalidArgumentError(`Allowed choices are ${STATUSES.join(', ')}.`);
    return found;
  };
  const text = (value: string): string => value;
  return command
    .option(
      '--search <TEXT>',
      'words, "phrases", from: to: subject: tag: is: before: after:, and - for the opposite',
    )
    .option('--from <TEXT>', 'only those with this in From or the envelope sender')
    .option('--to <TEXT>', 'only those with this in an envelope recipient')
    .option('--subject <TEXT>', 'only those with this in the subject')
    .option('--domain <NAME>', 'only those of this domain; may be given several times', several(text))
    .option(
      '--tag <TAG>',
      'only those with this tag; if given several times, with all of them',
      several(text),
    )
    .option(
      '--status <STATUS>',
      `only those in this state, of several given in any: ${STATUSES.join(', ')}`,
      several(status),
    )
    .option(
      '--since <TIME>',
      'only those that came in at or after 2026-11-29, 2026-11-29T08:00:00Z, or 7d ago (m, h, d)',
    )
    .option('--until <TIME>', 'only those that came in before this time');
}
