import { type Command, Option } from 'commander';
import { DURATION_FORM, parseDuration } from '../config/duration.js';
import { TOKEN_VARIABLE } from '../config/layer.js';
import type { Context } from './context.js';
import { reader, several } from './option-values.js';

/** The longest time in milliseconds. */
const LONGEST = 60 * 60_000;

/** Adds `send`. Its code is loaded when it is run. */
export function addSend(program: Command, context: Context): void {
  const text = (value: string): string => value;
  const timeout = reader((value) => {
    const ms = parseDuration(value);
    return ms !== undefined && ms > 0 && ms <= LONGEST ? ms : undefined;
  }, `${DURATION_FORM}, and at most 1h`);
  const composed = ['subject', 'text', 'html', 'attach', 'header', 'tag', 'cc', 'bcc'];
  program
    .command('send')
    .description('send one message by SMTP, to this server or another one')
    .option(
      '--server <URL>',
      'smtp://HOST:PORT or smtps://HOST:PORT, with USER:PASSWORD@ for AUTH (default: the local server)',
    )
    .option(
      '--token-file <FILE>',
      `file with the API token of the sending domain (for a server of this machine, ${TOKEN_VARIABLE} may have the token)`,
    )
    .option('--from <ADDRESS>', 'sender, in From and in the envelope')
    .option('--to <ADDRESS,...>', 'recipients; may be given several times', several(text))
    .option('--cc <ADDRESS,...>', 'recipients in Cc', several(text))
    .option('--bcc <ADDRESS,...>', 'recipients that no field names', several(text))
    .option('--subject <TEXT>', 'the subject')
    .option('--text <TEXT>', 'the text; @FILE reads it from a file, - from standard input')
    .option('--html <TEXT>', 'the HTML, in the same way')
    .option('--attach <FILE>', 'a file to attach; may be given several times', several(text))
    .option('--header <FIELD>', 'a further header field, such as "X-Mailer: nightly"', several(text))
    .option('--tag <TAG>', 'a tag; may be given several times', several(text))
    .addOption(
      new Option(
        '--file <FILE>',
        'a whole message to send as it is, - for standard input; its fields name sender and recipients if --from and --to do not',
      ).conflicts(composed),
    )
    .addOption(
      new Option('--timeout <DURATION>', 'time to wait for each reply')
        .argParser(timeout)
        .default(30_000, '30s'),
    )
    .option('-v, --verbose', 'show the dialogue on standard error; secrets are hidden')
    .option('--json', 'one JSON object a line, for programs')
    .action(async (_options, command: Command) =>
      (await import('./commands/send/send.js')).sendMessage(context, command),
    );
}
