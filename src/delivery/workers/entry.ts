/** The worker thread. It does one job after the other. */
import { parentPort } from 'node:worker_threads';
import { Unreadable } from '../../message/mime/work.js';
import { JOBS, type JobName, type Jobs } from './jobs.js';
import type { JobResult } from './sink.js';
import type { Answer, JobRequest } from './wire.js';

const port = parentPort;
if (port === null) throw new Error('this module runs in a worker thread');

port.on('message', (order: JobRequest) => {
  const answer = answerTo(order);
  const pieces = answer.type === 'made' ? answer.pieces : [];
  port.postMessage(
    answer,
    pieces.map(({ buffer }) => buffer as ArrayBuffer),
  );
});
port.postMessage({ type: 'ready' } satisfies Answer);

function answerTo({ name, facts, content }: JobRequest): Answer {
  try {
    return { type: 'made', ...run(name, facts, Buffer.concat(content)) };
  } catch (error) {
    if (error instanceof Unreadable) {
      return { type: 'refused', enhancedCode: error.enhancedCode, reason: error.message };
    }
    // The next try would end in the same way, so the refusal is final for this message.
    const reason = error instanceof Error ? error.message : String(error);
    return { type: 'refused', enhancedCode: '5.6.0', reason: `its parts cannot be read: ${reason}` };
  }
}

function run<Name extends JobName>(
  name: Name,
  facts: Jobs[Name]['facts'],
  message: Buffer,
): JobResult<Jobs[Name]['value']> {
  return JOBS[name](facts, message);
}
