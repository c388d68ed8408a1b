// Loaded into a server before its own code: profiles each thread, and writes what it has when the thread ends.
import { writeFileSync } from 'node:fs';
import { Session } from 'node:inspector';
import { join } from 'node:path';
import { threadId } from 'node:worker_threads';

const session = new Session();
session.connect();
session.post('Profiler.enable');
session.post('Profiler.setSamplingInterval', { interval: 500 });
session.post('Profiler.start');
process.on('exit', () => {
  session.post('Profiler.stop', (_error, answer) => {
    const name = `${process.pid}-${threadId}.cpuprofile`;
    writeFileSync(join(process.env.PROFILE_FOLDER, name), JSON.stringify(answer.profile));
  });
});
