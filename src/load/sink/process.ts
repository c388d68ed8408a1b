import { Sink } from './sink.js';
import type { SinkMessage, SinkRequest } from './pool.js';

// A process of a sink on several cores: serves the requests of the first process and ends with it.
let sink: Sink | null = null;
// If the first process is gone, this one is about to end as well, so errors are ignored.
const say = (message: SinkMessage): void => void process.send?.(message, undefined, {}, () => undefined);

process.on('message', (request: SinkRequest) => {
  answer(request).then(say, (error: unknown) => {
    const { message, code } = error as NodeJS.ErrnoException;
    say({ type: 'failed', message, code });
  });
});
process.on('disconnect', () => process.exit(0));
// A terminal sends Ctrl-C to all processes. The first process says when to end and when to count.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGUSR1'] as const) process.on(signal, () => undefined);
say({ type: 'ready' });

async function answer(request: SinkRequest): Promise<SinkMessage> {
  if (request.type === 'listen') {
    sink = new Sink(request.plan, request.thread);
    return { type: 'listening', listening: await sink.listen() };
  }
  if (sink === null) throw new Error('the sink does not listen yet');
  if (request.type === 'close') await sink.close(request.graceMs);
  return { type: 'counts', counts: { ...sink.counts } };
}
