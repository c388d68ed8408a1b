import { type Command, InvalidArgumentError, Option } from 'commander';
import { LONGEST_TIMER } from '../../base/sleep.js';
import { MECHANISMS } from '../../client/auth.js';
import { DURATION_FORM, parseDuration } from '../../config/duration.js';
import { type Stage, STAGES_FORM } from '../../load/generator/schedule.js';
import { parseSizes, SIZES_FORM } from '../../load/generator/sizes.js';
import { parseThresholds, type Threshold } from '../../load/report/thresholds.js';
import type { Context } from '../context.js';
import { positiveInteger, rate, type Read, reader, share, threads, wholeNumber } from '../option-values.js';

/** Help without --data and --config: these commands use neither the data nor the configuration. */
const OWN_OPTIONS = { showGlobalOptions: false };

/** Adds `bench` and `sink`. Their code is loaded when they are run. */
export function addLoadCommands(program: Command, context: Context): void {
  const duration = reader((text) => {
    const ms = parseDuration(text);
    return ms !== undefined && ms <= LONGEST_TIMER ? ms : undefined;
  }, `${DURATION_FORM}, and at most 24d`);
  const time: TimeOption = (name, about, milliseconds, shown) =>
    new Option(`${name} <DURATION>`, about).argParser(duration).default(milliseconds, shown);
  addBench(program, context, duration, time);
  addSink(program, context, duration, time);
}

/** Reads the value of `--stages`. Returns undefined if it has another form. */
function parseStages(text: string, duration: Read<number>): Stage[] | undefined {
  const stages: Stage[] = [];
  for (const part of text.split(',')) {
    const [, time, perSecond] = /^\s*(\S+):(\d+(?:\.\d+)?)\s*$/.exec(part) ?? [];
    if (time === undefined || Number(perSecond) > 1_000_000) return undefined;
    stages.push({ duration: duration(time), perSecond: Number(perSecond) });
  }
  const total = stages.reduce((sum, stage) => sum + stage.duration, 0);
  const isSome = stages.some((stage) => stage.perSecond > 0) && stages.every((stage) => stage.duration > 0);
  return isSome && total <= LONGEST_TIMER ? stages : undefined;
}

/** Reads the value of `--fail-if`; several of them add up. */
function thresholds(text: string, before: readonly Threshold[] = []): Threshold[] {
  const parsed = parseThresholds(text);
  if (typeof parsed === 'string') throw new InvalidArgumentError(parsed);
  return [...before, ...parsed];
}

/** Makes an option for a duration. Its default is shown as it would be typed. */
type TimeOption = (name: string, about: string, milliseconds: number, shown: string) => Option;

function addBench(program: Command, context: Context, duration: Read<number>, time: TimeOption): void {
  const sizes = reader(parseSizes, SIZES_FORM);
  const stages = reader((text) => parseStages(text, duration), STAGES_FORM);
  program
    .command('bench')
    .configureHelp(OWN_OPTIONS)
    .description('put load on an SMTP server of your own, and measure how fast it is')
    .argument(
      '[URL]',
      'smtp://, smtps:// or lmtp://HOST:PORT, with USER:PASSWORD@ for AUTH; or smtp+unix:// or lmtp+unix:///PATH',
    )
    .option('-c, --connections <N>', 'connections at the same time', positiveInteger, 10)
    .option('-n, --messages <N>', 'number of messages', positiveInteger)
    .option(
      '-d, --duration <DURATION>',
      'how long new messages are started (default 10s, or until --messages)',
      duration,
    )
    .addOption(
      new Option(
        '-s, --size <SIZES>',
        'octets of a message: 1k, or a mix with weights such as 1k:80,64k:15,1m:5',
      )
        .argParser(sizes)
        .default([{ octets: 1024, weight: 1 }], '1k'),
    )
    .option(
      '--message <PATH>',
      'send this message, or those of this folder (*.eml), in place of text of --size',
    )
    .option('-r, --recipients <N>', 'recipients of each message', positiveInteger, 1)
    .option(
      '--per-connection <N>',
      'messages on a connection before it is replaced (default: all)',
      positiveInteger,
    )
    .option('--pipelining', 'send commands in groups (RFC 2920)')
    .option('--bdat', 'send content by BDAT (RFC 3030)')
    .option('--starttls', 'begin with STARTTLS')
    .option('--tls-verify', "verify the server's certificate (default, except on loopback)")
    .option('--no-tls-verify', "do not verify the server's certificate")
    .option('--tls-resume', 'resume the TLS session of an earlier connection')
    .addOption(
      new Option(
        '--auth <MECHANISM>',
        'mechanism of AUTH (default: the best that the server offers)',
      ).choices(MECHANISMS),
    )
    .option(
      '--users <FILE>',
      'users of the connections in turn: USER:PASSWORD, or USER:PASSWORD FROM, a line each',
    )
    .option('--rate <N>', 'open loop: start N messages a second, even if the server does not keep up', rate)
    .addOption(
      new Option(
        '--arrivals <KIND>',
        'with --rate: even or random gaps between messages (default: poisson)',
      ).choices(['fixed', 'poisson']),
    )
    .option(
      '--stages <STAGES>',
      'open loop: change the rate in stages; 10s:200,1m:200,10s:0 is up to 200/s, a minute at it, and down',
      stages,
    )
    .option(
      '--find-rate',
      'find the highest rate at which no condition of --fail-if holds, by runs of --duration, the first at --rate',
    )
    .addOption(time('--ramp', 'time over which the rate rises, or connections are opened', 0, 'none'))
    .addOption(time('--warmup', 'time at the beginning that is not counted', 0, 'none'))
    .option(
      '--from <ADDRESS>',
      'sender, in the envelope and in From; {n} becomes the number of the connection',
      'bench@example.com',
    )
    .option(
      '--to <ADDRESS>',
      'recipients; {n} becomes a number; without it, a number is added before the @',
      'rcpt@example.net',
    )
    .option('--hello <NAME>', 'name of the client in EHLO', 'localhost')
    .option('--seed <N>', 'seed of all random choices', wholeNumber, 1)
    .addOption(time('--timeout', 'time to wait for each reply', 60_000, '60s'))
    .addOption(time('--drain', 'time for messages under way when the duration is over', 10_000, '10s'))
    .option('--threads <N>', 'threads of the generator', threads, 1)
    .option('--i-own-this-server', 'allow a server that is not on loopback')
    .option('--json', 'print the report as JSON instead of the table')
    .option('--save <FILE>', 'write the report as JSON, for --compare')
    .option('--html <FILE>', 'write the report, or the comparison of two, as a page')
    .option(
      '--fail-if <CONDITIONS>',
      'end with exit status 1 if one of them holds: p99>50ms,errors>0,rate<100',
      thresholds,
    )
    .option('--csv <FILE>', 'write throughput and latency over time as CSV')
    .option('--junit <FILE>', 'write the result of each --fail-if as JUnit XML')
    .option('--compare <FILES...>', 'show two saved reports side by side')
    .action(async (url: string | undefined, _options, command: Command) =>
      (await import('./bench.js')).bench(context, command, url),
    );
}

function addSink(program: Command, context: Context, duration: Read<number>, time: TimeOption): void {
  program
    .command('sink')
    .configureHelp(OWN_OPTIONS)
    .description('accept mail and drop it: a target for load tests and clients')
    .option(
      '-l, --listen <URL>',
      'as for serve, or smtp+unix:///PATH or lmtp+unix:///PATH; TLS and AUTH are off unless ?tls= or ?auth= set them (default smtp://127.0.0.1:2525)',
      (url: string, urls: string[] | undefined) => [...(urls ?? []), url],
    )
    .option('--tls-cert <FILE>', 'PEM certificate (default: a self-signed one)')
    .option('--tls-key <FILE>', 'PEM key of the certificate')
    .addOption(
      time('--tls-detect', 'with ?tls=: how long to wait for implicit TLS on the same port', 0, 'no wait'),
    )
    .addOption(time('--delay', 'delay before the reply to a message', 0, 'none'))
    .option('--tempfail <RATE>', 'share of messages that get 451 after their content, from 0 to 1', share, 0)
    .option('--permfail <RATE>', 'share of messages that get 554 after their content', share, 0)
    .option('--disconnect <RATE>', 'share of messages after whose content the connection is closed', share, 0)
    .option('--slow-read <OCTETS>', 'octets of content read a second, on each connection', positiveInteger)
    .option('--seed <N>', 'seed of all random choices', wholeNumber, 1)
    .option('--stats <DURATION>', 'how often to print the counts; SIGUSR1 prints them as well', duration)
    .option('--dump <DIR>', 'folder to keep the messages in: ID.eml, and the envelope in ID.json')
    .option('--threads <N>', 'processes', threads, 1)
    .option('--json', 'one JSON object a line, for programs')
    .action(async (_options, command: Command) => (await import('./sink.js')).sink(context, command));
}
