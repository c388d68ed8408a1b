import type { Command } from 'commander';
import { count, duration, figure, octets } from '../../load/report/format.js';
import { type RunningSink, type SinkCounts, type SinkPlan, startSink } from '../../load/index.js';
import type { Context } from '../context.js';
import { CliError } from '../error.js';
import { formatPlace, type Place, readyLine } from '../serve/listening.js';
import { type SinkOptions, sinkPlanOf } from './sink-plan.js';
import { stopSignal } from '../serve/signals.js';

/** Milliseconds that messages under way have after a stop. */
const GRACE = 1_000;

/** Runs `postern sink` until SIGTERM or SIGINT. */
export async function sink(context: Context, command: Command): Promise<void> {
  const options = command.opts<SinkOptions>();
  const plan = await sinkPlanOf(options);
  const stop = stopSignal();
  const running = await start(plan);
  const began = performance.now();
  const tell = async (event: 'stats' | 'end', counts: SinkCounts): Promise<void> => {
    const seconds = (performance.now() - began) / 1000;
    if (options.json === true) await context.stdout.json({ event, seconds, ...counts });
    else if (event === 'stats') await context.stderr.line(countsLine(seconds, counts));
    else await context.stdout.line(countsLine(seconds, counts));
  };
  const look = (): void => {
    // If the reader is gone, the sink goes on.
    running
      .counts()
      .then((counts) => tell('stats', counts))
      .catch(() => undefined);
  };
  process.on('SIGUSR1', look);
  const timer =
    options.stats === undefined || options.stats === 0 ? undefined : setInterval(look, options.stats);
  try {
    await ready(context, running, plan, options.json === true);
    await Promise.race([stop, running.failed.catch(lost)]);
  } finally {
    clearInterval(timer);
    process.off('SIGUSR1', look);
    await tell('end', await running.close(GRACE));
  }
}

/** Returns the counts on one line. */
function countsLine(seconds: number, counts: SinkCounts): string {
  const rate = seconds === 0 ? 0 : counts.accepted / seconds;
  const others = [
    ['tempfailed', counts.tempfailed],
    ['permfailed', counts.permfailed],
    ['disconnected', counts.disconnected],
    ['aborted', counts.aborted],
    ['refused', counts.refused],
  ] as const;
  return [
    duration(seconds),
    `${count(counts.accepted)} accepted (${figure(rate)}/s)`,
    `${count(counts.recipients)} recipients`,
    octets(counts.octets),
    `${count(counts.connections)} connections, ${count(counts.open)} open`,
    ...others.filter(([, number]) => number > 0).map(([name, number]) => `${count(number)} ${name}`),
  ].join(' · ');
}

async function start(plan: SinkPlan): Promise<RunningSink> {
  try {
    return await startSink(plan);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const help = code === 'EADDRINUSE' ? '; another one is given with --listen' : '';
    throw new CliError(`the sink cannot start: ${message}${help}`, { cause: error });
  }
}

function lost(error: Error): never {
  throw new CliError(`${error.message}; the counts are those of the others`, { cause: error });
}

async function ready(
  context: Context,
  { listening }: RunningSink,
  { listeners }: SinkPlan,
  json: boolean,
): Promise<void> {
  const places = listening.map(({ host, port, path }, index): Place => ({
    protocol: listeners[index]?.lmtp === true ? 'lmtp' : 'smtp',
    address: host,
    port,
    path,
  }));
  if (!json) return context.stdout.line(readyLine('postern sink', places));
  const shown = places.map((place) => ({ protocol: place.protocol, address: formatPlace(place) }));
  await context.stdout.json({ event: 'ready', listening: shown });
}
