import { type Command, Option } from 'commander';
import { MECHANISMS } from '../../client/auth.js';
import { DURATION_FORM, parseDuration } from '../../config/duration.js';
import { parseSizes, SIZES_FORM } from '../../load/generator/sizes.js';
import type { Context } from '../context.js';
import { positiveInteger, rate, type Read, reader, share, threads, wholeNumber } from '../option-values.js';

/** The longest duration in milliseconds. A timer of Node that is set for longer ends at once. */
const LONGEST = 2 ** 31 - 1;

/** Help without --data and --config: these commands use neither the data nor the configuration. */
const OWN_OPTIONS = { showGlobalOptions: false };

/** Adds `bench` and `sink`. Their code is loaded when they are run. */
export function addLoadCommands(program: Command, context: Context): void {
  const duration = reader((text) => {
    const ms = parseDuration(text);
    return ms !== undefined && ms <= LONGEST ? ms : undefined;
  }, `${DURATION_FORM}, and at most 24d`);
  const time: TimeOption = (name, about, milliseconds, shown) =>
    new Option(`${name} <DURATION>`, about).argParser(duration).default(milliseconds, shown);
  addBench(program, context, duration, time);
  addSink(program, context, duration, time);
}

/** Makes an option for a duration. Its default is shown as it would be typed. */
type TimeOption = (name: string, about: string, milliseconds: number, shown: string) => Option;

function addBench(program: Command, context: Context, duration: Read<number>, time: TimeOption): void {
  const sizes = reader(parseSizes, SIZES_FORM);
  program
    .command('bench')
    .configureHelp(OWN_OPTIONS)
    .description('load an SMTP server of your own, and tell how fast it is')
    .argument('[URL]', 'smtp://HOST:PORT or smtps://HOST:PORT, with USER:PASSWORD@ for AUTH')
    .option('-c, --connections <N>', 'connections at one time', positiveInteger, 10)
    .option('-n, --messages <N>', 'messages in all', positiveInteger)
    .option(
      '-d, --duration <DURATION>',
      'how long messages are started (default 10s, or until --messages)',
      duration,
    )
    .addOption(
      new Option('-s, --size <SIZES>', 'octets of a message: 1k, or a mix such as 1k:80,64k:15,1m:5')
        .argParser(sizes)
        .default([{ octets: 1024, weight: 1 }], '1k'),
    )
    .option('-r, --recipients <N>', 'recipients of each message', positiveInteger, 1)
    .option(
      '--per-connection <N>',
      'messages over a connection, then a new one (default: all)',
      positiveInteger,
    )
    .option('--pipelining', 'commands in groups (RFC 2920)')
    .option('--bdat', 'content by BDAT (RFC 3030)')
    .option('--starttls', 'STARTTLS before anything else')
    .option('--tls-verify', "the server's certificate must be good (default: but on loopback)")
    .option('--no-tls-verify', 'it need not be')
    .option('--tls-resume', 'resume the TLS session of an earlier connection')
    .addOption(new Option('--auth <MECHANISM>', 'of AUTH (default: the best on offer)').choices(MECHANISMS))
    .option(
      '--rate <N>',
      'an open loop: as many messages a second are due, whether the server keeps up or not',
      rate,
    )
    .addOption(
      new Option('--arrivals <KIND>', 'with --rate: evenly, or by chance (default: poisson)').choices([
        'fixed',
        'poisson',
      ]),
    )
    .addOption(time('--ramp', 'over which the rate rises, or connections are opened', 0, 'none'))
    .addOption(time('--warmup', 'at the beginning, not counted', 0, 'none'))
    .option('--from <ADDRESS>', 'sender, of the envelope and in From', 'bench@example.com')
    .option('--to <ADDRESS>', 'recipients; {n}, or the end of the name, becomes a number', 'rcpt@example.net')
    .option('--hello <NAME>', 'name of the client', 'localhost')
    .option('--seed <N>', 'of all that is left to chance', wholeNumber, 1)
    .addOption(time('--timeout', 'for each reply', 60_000, '60s'))
    .addOption(time('--drain', 'for what is on its way when the time is over', 10_000, '10s'))
    .option('--threads <N>', 'of the generator', threads, 1)
    .option('--i-own-this-server', 'it need not be on loopback')
    .option('--json', 'the report as JSON, in place of the table')
    .option('--save <FILE>', 'write the report as JSON, for --compare')
    .option('--html <FILE>', 'write the report as a page with charts')
    .option('--compare <FILES...>', 'show two saved reports beside each other')
    .action(async (url: string | undefined, _options, command: Command) =>
      (await import('./bench.js')).bench(context, command, url),
    );
}

function addSink(program: Command, context: Context, duration: Read<number>, time: TimeOption): void {
  program
    .command('sink')
    .configureHelp(OWN_OPTIONS)
    .description('take mail and drop it: what a load test or a client is aimed at')
    .option(
      '-l, --listen <URL>',
      'as for serve; TLS and AUTH only where ?tls= or ?auth= name them (default smtp://127.0.0.1:2525)',
      (url: string, urls: string[] | undefined) => [...(urls ?? []), url],
    )
    .option('--tls-cert <FILE>', 'PEM certificate (default: a self-signed one)')
    .option('--tls-key <FILE>', 'its PEM key')
    .addOption(
      time('--tls-detect', 'with ?tls=: wait that long for TLS at once on the same port', 0, 'no wait'),
    )
    .addOption(time('--delay', 'before the reply to a message', 0, 'none'))
    .option('--tempfail <RATE>', 'share of messages that get 451 at their end, from 0 to 1', share, 0)
    .option('--permfail <RATE>', 'share of messages that get 554 at their end', share, 0)
    .option('--disconnect <RATE>', 'share of messages at whose end the connection is cut', share, 0)
    .option('--slow-read <OCTETS>', 'octets of content read a second, on each connection', positiveInteger)
    .option('--seed <N>', 'of all that is left to chance', wholeNumber, 1)
    .option('--stats <DURATION>', 'tell the counts that often, as SIGUSR1 does', duration)
    .option('--dump <DIR>', 'keep the messages there: ID.eml, and the envelope in ID.json')
    .option('--threads <N>', 'processes', threads, 1)
    .option('--json', 'one JSON object a line, for programs')
    .action(async (_options, command: Command) => (await import('./sink.js')).sink(context, command));
}
